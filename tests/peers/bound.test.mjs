// openid-client: requests that are pushed (RFC 9126), and tokens that are bound to a
// key (DPoP, RFC 9449).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";

import { oidc } from "./packages.mjs";
import { Person } from "./person.mjs";
import { discover, party, personas, portal, refused, register, userinfoStatus } from "./portal.mjs";
import { answered, request, tokensFor } from "./visit.mjs";

const OFFLINE = { scope: "openid profile offline_access" };

let resident;

before(async () => {
  resident = await Person.signedIn(personas.resident);
});

/** RFC 7638, of a P-256 key. */
async function thumbprint({ publicKey }) {
  const { crv, kty, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}

/** A key of a client's own. */
async function bound(config, algorithm = "ES256") {
  const pair = await oidc.randomDPoPKeyPair(algorithm);
  return { pair, DPoP: oidc.getDPoPHandle(config, pair) };
}

test("a pushed request keeps what is asked out of the address, and leads to one code", async () => {
  const app = await party("pushed", { require_par: true });
  const { checks, parameters } = await request(app);
  const url = await oidc.buildAuthorizationUrlWithPAR(app, parameters);
  assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const tokens = await oidc.authorizationCodeGrant(app, await answered(resident, url), checks);
  assert.equal(tokens.claims().nonce, checks.expectedNonce);
  await resident.open(url);
  assert.deepEqual([resident.status, resident.left], [400, null]);
});

test("a client that must push sends no browser directly", async () => {
  const app = await party("pushed-always", { require_par: true });
  const { checks, url } = await request(app);
  await resident.open(url);
  const error = { error: "invalid_request", code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR" };
  await assert.rejects(oidc.authorizationCodeGrant(app, resident.left, checks), error);
});

test("what is wrong with a pushed request is told before a browser is sent", async () => {
  const app = await party("pushed-wrong");
  const { parameters } = await request(app, { redirect_uri: "https://elsewhere.example/callback" });
  await assert.rejects(oidc.buildAuthorizationUrlWithPAR(app, parameters), refused("invalid_request"));
  const stranger = await discover("pushed-wrong", oidc.ClientSecretBasic("no-secret-of-its-own"));
  const { parameters: fine } = await request(stranger);
  await assert.rejects(oidc.buildAuthorizationUrlWithPAR(stranger, fine), oidc.WWWAuthenticateChallengeError);
});

for (const algorithm of ["ES256", "PS256", "RS256", "Ed25519"]) {
  test(`a token bound to a key of ${algorithm} is good with its proof`, async () => {
    const app = await party(`bound-${algorithm.toLowerCase()}`);
    const { DPoP } = await bound(app, algorithm);
    const tokens = await tokensFor(app, resident, {}, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    const info = await oidc.fetchUserInfo(app, tokens.access_token, tokens.claims().sub, { DPoP });
    assert.equal(info.phone_number, "139****0001");
  });
}

test("a bound token says to which key, and is refused as a bearer's or with another key", async () => {
  const app = await party("bound", { require_dpop: true });
  const { pair, DPoP } = await bound(app);
  const { access_token: token } = await tokensFor(app, resident, {}, { DPoP });
  const said = await oidc.tokenIntrospection(app, token);
  assert.deepEqual([said.token_type, said.cnf], ["DPoP", { jkt: await thumbprint(pair) }]);

  const me = new URL(`${portal}/api/v1/me`);
  const ask = (options) => oidc.fetchProtectedResource(app, token, me, "GET", undefined, undefined, options);
  assert.equal((await ask({ DPoP })).status, 200);
  await assert.rejects(ask({}), oidc.WWWAuthenticateChallengeError);
  await assert.rejects(ask({ DPoP: (await bound(app)).DPoP }), oidc.WWWAuthenticateChallengeError);
  assert.equal(await userinfoStatus(token), 401);
  assert.equal(await userinfoStatus(token, "DPoP"), 401);
});

test("a client that must bind its tokens gets none without a key", async () => {
  const app = await party("bound-always", { require_dpop: true });
  await assert.rejects(tokensFor(app, resident), refused("invalid_dpop_proof"));
});

test("a code asked for with a key is given out for that key alone", async () => {
  const app = await party("bound-code");
  const [own, other] = [await bound(app), await bound(app)];
  for (const [{ DPoP }, isRight] of [[other, false], [own, true]]) {
    const { checks, parameters } = await request(app);
    const url = await oidc.buildAuthorizationUrlWithPAR(app, parameters, { DPoP: own.DPoP });
    const answer = await answered(resident, url);
    const tokens = oidc.authorizationCodeGrant(app, answer, checks, {}, { DPoP });
    if (isRight) assert.equal((await tokens).token_type, "dpop");
    else await assert.rejects(tokens, { code: "OAUTH_RESPONSE_BODY_ERROR" });
  }
});

test("the refresh token of an app without a secret is bound to its key", async () => {
  await register("bound-public", { authentication: "none" });
  const app = await discover("bound-public", oidc.None());
  const [own, other] = [await bound(app), await bound(app)];
  const first = await tokensFor(app, resident, OFFLINE, { DPoP: own.DPoP });
  const refresh = (options) => oidc.refreshTokenGrant(app, first.refresh_token, {}, options);
  await assert.rejects(refresh({}), { code: "OAUTH_RESPONSE_BODY_ERROR" });
  await assert.rejects(refresh({ DPoP: other.DPoP }), { code: "OAUTH_RESPONSE_BODY_ERROR" });
  const next = await refresh({ DPoP: own.DPoP });
  const info = await oidc.fetchUserInfo(app, next.access_token, first.claims().sub, { DPoP: own.DPoP });
  assert.equal(info.ial, 3);
});
