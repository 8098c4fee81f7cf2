"""Authlib: a resource server of somebody else's checks the portal's access tokens
(RFC 9068) with nothing but the portal's address."""

import base64
import json
import os
import time
import unittest
import urllib.parse
import urllib.request

from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

with open(os.path.join(os.environ["WST_PEERS_DATA"], "demo.json"), encoding="utf-8") as file:
    SHEET = json.load(file)
PORTAL = SHEET["base_url"]


def fetch(address, form=None, basic=None):
    request = urllib.request.Request(address, urllib.parse.urlencode(form).encode() if form else None)
    if basic:
        request.add_header("Authorization", "Basic " + base64.b64encode(":".join(basic).encode()).decode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


METADATA = fetch(f"{PORTAL}/.well-known/oauth-authorization-server")


class Resource(JWTBearerTokenValidator):
    """A resource server that knows the portal by its metadata alone."""

    def __init__(self, audience=PORTAL, issuer=METADATA["issuer"], keys=None):
        super().__init__(issuer, audience)
        self.keys = keys

    def get_jwks(self):
        return self.keys or KeySet.import_key_set(fetch(METADATA["jwks_uri"]))

    def claims_of(self, token, *scopes):
        """The claims, when the token is good for all of these scopes."""
        claims = self.authenticate_token(token)
        self.validate_token(claims, [" ".join(scopes)] if scopes else None, None)
        return claims


def own_token():
    """A token an app asked for in its own name."""
    client = SHEET["clients"]["third_party"]
    form = {"grant_type": "client_credentials", "scope": "cases"}
    answer = fetch(METADATA["token_endpoint"], form, (client["client_id"], client["secret"]))
    return answer["access_token"]


def part(token, index):
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encoded(part_of_token):
    return base64.urlsafe_b64encode(json.dumps(part_of_token).encode()).decode().rstrip("=")


class AccessTokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.token = own_token()

    def assert_refused(self, token, resource=None):
        with self.assertRaises(InvalidTokenError):
            (resource or Resource()).claims_of(token)

    def test_an_app_s_own_token_says_all_that_the_standard_asks_for(self):
        claims = Resource().claims_of(self.token, "cases")
        self.assertEqual(claims.header["typ"], "at+jwt")
        self.assertEqual(claims.header["alg"], "ES256")
        self.assertEqual((claims["iss"], claims["aud"]), (PORTAL, PORTAL))
        self.assertEqual((claims["sub"], claims["client_id"]), ("third_party", "third_party"))
        self.assertEqual(claims["scope"], "cases")
        self.assertLess(abs(claims["iat"] - time.time()), 60)
        self.assertEqual(claims["exp"] - claims["iat"], 600)
        self.assertTrue(claims["jti"])
        self.assertNotIn("auth_time", claims)

    def test_a_person_s_token_says_how_he_signed_in_and_not_who_he_is(self):
        claims = Resource().claims_of(os.environ["WST_PEERS_TOKEN"], "openid", "cases")
        self.assertEqual(claims["client_id"], "person-token")
        self.assertEqual((claims["acr"], claims["amr"]), ("ial3-aal1", ["pwd"]))
        self.assertLess(abs(claims["auth_time"] - time.time()), 60)
        # A name of this app's own (OpenID Connect Core §8.1); the portal's own apps see another.
        self.assertNotEqual(claims["sub"], Resource().claims_of(SHEET["tokens"]["resident@web"])["sub"])

    def test_two_tokens_are_told_apart_by_their_id(self):
        first, second = (Resource().claims_of(own_token()) for _ in range(2))
        self.assertNotEqual(first["jti"], second["jti"])

    def test_the_key_set_names_the_key_of_the_token_and_holds_no_private_part(self):
        keys = fetch(METADATA["jwks_uri"])["keys"]
        self.assertIn(part(self.token, 0)["kid"], [key["kid"] for key in keys])
        for key in keys:
            self.assertEqual((key["kty"], key["crv"], key["use"]), ("EC", "P-256", "sig"))
            self.assertNotIn("d", key)

    def test_a_token_is_for_its_audience_and_from_its_issuer_alone(self):
        self.assert_refused(self.token, Resource(audience="https://elsewhere.example"))
        self.assert_refused(self.token, Resource(issuer="https://elsewhere.example"))

    def test_a_token_is_good_for_its_scopes_alone(self):
        with self.assertRaises(InsufficientScopeError):
            Resource().claims_of(self.token, "staff")

    def test_a_token_that_was_tampered_with_is_refused(self):
        header, payload, signature = self.token.split(".")
        claims = part(self.token, 1)
        for change in ({"sub": "web"}, {"scope": "staff"}, {"exp": claims["exp"] + 600}):
            self.assert_refused(".".join([header, encoded({**claims, **change}), signature]))
        first = "B" if signature[0] == "A" else "A"
        self.assert_refused(".".join([header, payload, first + signature[1:]]))
        self.assert_refused(".".join([encoded({"alg": "none", "typ": "at+jwt"}), payload, ""]))

    def test_a_token_of_another_key_is_refused(self):
        header, claims = part(self.token, 0), part(self.token, 1)
        other = ECKey.generate_key("P-256", {"kid": header["kid"]})
        forged = jwt.encode(header, claims, other)
        self.assertEqual(Resource(keys=KeySet([other])).claims_of(forged)["jti"], claims["jti"])
        self.assert_refused(forged)
        # The public key as a shared secret (RFC 8725 §2.1).
        public = Resource().get_jwks().get_by_kid(header["kid"]).as_bytes(encoding="PEM", private=False)
        shared = OctKey.import_key(base64.urlsafe_b64encode(public).decode())
        self.assert_refused(jwt.encode({**header, "alg": "HS256"}, claims, shared))


if __name__ == "__main__":
    unittest.main()
