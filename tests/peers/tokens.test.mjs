// openid-client: what becomes of tokens (refresh, revocation, introspection), and
// how clients prove themselves.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { oidc } from "./packages.mjs";
import { Person } from "./person.mjs";
import { claims, CODE, discover, party, personas, portal, refused, register, userinfoStatus } from "./portal.mjs";
import { tokensFor } from "./visit.mjs";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const OFFLINE = { scope: "openid profile offline_access" };

let app;
let resident;

before(async () => {
  app = await party("tokens");
  resident = await Person.signedIn(personas.resident);
});

test("introspection says whose a token is, to its client and to nobody else", async () => {
  const tokens = await tokensFor(app, resident, OFFLINE);
  const { exp, iat, auth_time, ...said } = await oidc.tokenIntrospection(app, tokens.access_token);
  assert.deepEqual(said, {
    active: true,
    scope: "openid profile offline_access",
    client_id: "tokens",
    token_type: "Bearer",
    sub: tokens.claims().sub,
    aud: portal,
    iss: portal,
    acr: "ial3-aal1",
    amr: ["pwd"],
  });
  assert.deepEqual([exp - iat, auth_time], [tokens.expires_in, tokens.claims().auth_time]);
  const refresh = await oidc.tokenIntrospection(app, tokens.refresh_token);
  assert.deepEqual([refresh.active, refresh.sub, refresh.token_type], [true, said.sub, undefined]);

  const other = await party("tokens-elsewhere");
  assert.deepEqual(await oidc.tokenIntrospection(other, tokens.access_token), { active: false });
  assert.deepEqual(await oidc.tokenIntrospection(app, "no-token-at-all"), { active: false });
});

test("a refresh gives new tokens for the same person and session", async () => {
  const first = await tokensFor(app, resident, OFFLINE);
  const next = await oidc.refreshTokenGrant(app, first.refresh_token);
  assert.notEqual(next.access_token, first.access_token);
  assert.notEqual(next.refresh_token, first.refresh_token);
  const told = ({ sub, sid, acr, amr, auth_time, nonce }) => ({ sub, sid, acr, amr, auth_time, nonce });
  assert.deepEqual(told(next.claims()), { ...told(first.claims()), nonce: undefined });
  const info = await oidc.fetchUserInfo(app, next.access_token, first.claims().sub);
  assert.equal(info.phone_number, "139****0001");

  const less = await oidc.refreshTokenGrant(app, next.refresh_token, { scope: "openid" });
  assert.equal(less.scope, "openid");
  await assert.rejects(oidc.refreshTokenGrant(app, less.refresh_token, { scope: "cases" }), refused("invalid_scope"));
});

test("a refresh token is its own client's alone", async () => {
  const other = await party("tokens-thief");
  const { refresh_token: stolen } = await tokensFor(app, resident, OFFLINE);
  await assert.rejects(oidc.refreshTokenGrant(other, stolen), refused("invalid_grant"));
});

test("after a revocation nothing of the session is good", async () => {
  const tokens = await tokensFor(app, resident, OFFLINE);
  const other = await party("tokens-stranger");
  await oidc.tokenRevocation(other, tokens.refresh_token);
  assert.equal((await oidc.tokenIntrospection(app, tokens.access_token)).active, true);

  await oidc.tokenRevocation(app, tokens.refresh_token);
  assert.deepEqual(await oidc.tokenIntrospection(app, tokens.refresh_token), { active: false });
  assert.deepEqual(await oidc.tokenIntrospection(app, tokens.access_token), { active: false });
  assert.equal(await userinfoStatus(tokens.access_token), 401);
  await assert.rejects(oidc.refreshTokenGrant(app, tokens.refresh_token), refused("invalid_grant"));
});

test("a client's own token stands for the client and for nobody", async () => {
  const registration = { redirect_uris: [], grants: ["client_credentials"], scopes: ["cases"] };
  const machine = await party("tokens-machine", registration);
  const tokens = await oidc.clientCredentialsGrant(machine, { scope: "cases" });
  assert.deepEqual([tokens.refresh_token, tokens.id_token], [undefined, undefined]);
  const said = await oidc.tokenIntrospection(machine, tokens.access_token);
  assert.deepEqual([said.active, said.sub, said.client_id], [true, "tokens-machine", "tokens-machine"]);
  assert.deepEqual([said.acr, said.auth_time], [undefined, undefined]);
  assert.equal(claims(tokens.access_token).aud, portal);
  // It hangs on no session that could be ended (RFC 7009 §2.2.1).
  await assert.rejects(oidc.tokenRevocation(machine, tokens.access_token), refused("unsupported_token_type"));
  await assert.rejects(oidc.clientCredentialsGrant(machine, { scope: "profile" }), refused("invalid_scope"));
  await assert.rejects(oidc.clientCredentialsGrant(app), refused("unauthorized_client"));
});

test("an agent's token is exchanged for one that acts for who gave him a mandate, and for nobody else", async () => {
  const desk = await party("tokens-agent", { grants: [...CODE, EXCHANGE] });
  const agent = await Person.signedIn(personas.agent);
  const own = await tokensFor(desk, agent, { scope: "openid cases" });
  const exchange = (principal) =>
    oidc.genericGrantRequest(desk, EXCHANGE, {
      subject_token: own.access_token,
      subject_token_type: ACCESS_TOKEN,
      principal: principal.person_id,
    });
  const given = await exchange(personas.resident);
  assert.deepEqual([given.issued_token_type, given.scope, given.refresh_token], [ACCESS_TOKEN, "cases", undefined]);
  const said = await oidc.tokenIntrospection(desk, given.access_token);
  assert.deepEqual(said.act, { sub: own.claims().sub });
  assert.notEqual(said.sub, own.claims().sub);
  await assert.rejects(exchange(personas.second_resident), refused("invalid_grant"));
});

test("a secret is taken in the header and in the form, and a wrong one in neither", async () => {
  const { secret } = await register("tokens-secret", { grants: ["client_credentials"], redirect_uris: [] });
  for (const proof of [oidc.ClientSecretBasic, oidc.ClientSecretPost]) {
    const right = await discover("tokens-secret", proof(secret));
    assert.equal((await oidc.clientCredentialsGrant(right)).token_type, "bearer");
    const wrong = await discover("tokens-secret", proof(`${secret.slice(0, -1)}~`));
    await assert.rejects(oidc.clientCredentialsGrant(wrong), (thrown) => {
      // A challenge when it came by header (RFC 6749 §5.2).
      return thrown instanceof oidc.WWWAuthenticateChallengeError || refused("invalid_client", 401)(thrown);
    });
  }
});

/** A key pair for signing; the public half as a JWK. */
async function keys(algorithm, alg) {
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { key_ops, ext, ...jwk } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { key: pair.privateKey, jwk: { ...jwk, alg, use: "sig", kid: alg } };
}

const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  PS256: { name: "RSA-PSS", ...RSA },
  RS256: { name: "RSASSA-PKCS1-v1_5", ...RSA },
  Ed25519: { name: "Ed25519" },
};

for (const [alg, algorithm] of Object.entries(ALGORITHMS)) {
  test(`a client proves itself with its ${alg} key, and with no other`, async () => {
    const id = `tokens-${alg.toLowerCase()}`;
    const { key, jwk } = await keys(algorithm, alg);
    const registration = { authentication: "private_key_jwt", jwks: { keys: [jwk] } };
    await register(id, { ...registration, grants: ["client_credentials"], redirect_uris: [] });
    const own = await discover(id, oidc.PrivateKeyJwt({ key, kid: alg }));
    const tokens = await oidc.clientCredentialsGrant(own);
    assert.equal((await oidc.tokenIntrospection(own, tokens.access_token)).client_id, id);

    const other = await keys(algorithm, alg);
    const forged = await discover(id, oidc.PrivateKeyJwt({ key: other.key, kid: alg }));
    await assert.rejects(oidc.clientCredentialsGrant(forged), refused("invalid_client", 401));
  });
}
