// openid-client: discovery, the code flow with PKCE, what its answers say, and what
// comes of answers that are not right.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { oidc } from "./packages.mjs";
import { Person } from "./person.mjs";
import { CALLBACK, party, personas, portal, refused, userinfoStatus } from "./portal.mjs";
import { answered, request, tokensFor } from "./visit.mjs";

let app;
let resident;

before(async () => {
  app = await party("code-flow");
  resident = await Person.signedIn(personas.resident);
});

test("both well-known addresses tell a client what it needs", async () => {
  const metadata = app.serverMetadata();
  assert.equal(metadata.issuer, portal);
  assert.equal(metadata.authorization_endpoint, `${portal}/oauth2/authorize`);
  assert.ok(metadata.supportsPKCE("S256"));
  assert.deepEqual(metadata.response_types_supported, ["code"]);
  assert.deepEqual(metadata.id_token_signing_alg_values_supported, ["ES256"]);
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  const options = { algorithm: "oauth2", execute: [oidc.allowInsecureRequests] };
  const other = await oidc.discovery(new URL(portal), "code-flow", undefined, oidc.None(), options);
  assert.deepEqual({ ...other.serverMetadata() }, { ...metadata });
});

test("somebody signs in, agrees, and the app knows who he is", async () => {
  const { checks, url } = await request(app);
  const person = new Person();
  await person.open(url);
  assert.match(person.page, /Sample app code-flow/);
  await person.signIn(personas.second_resident);
  assert.match(person.page, /is not run by Wanshitong.*know that you signed in/s);
  await person.send("allow");
  assert.equal(person.left.origin + person.left.pathname, CALLBACK);
  assert.equal(person.left.searchParams.get("iss"), portal);
  assert.equal(person.left.searchParams.get("state"), checks.expectedState);

  const tokens = await oidc.authorizationCodeGrant(app, person.left, checks);
  assert.deepEqual([tokens.token_type, tokens.scope], ["bearer", "openid profile"]);
  assert.ok(tokens.expires_in > 0 && tokens.expires_in <= 600);
  const told = tokens.claims();
  assert.deepEqual([told.iss, told.aud, told.nonce], [portal, "code-flow", checks.expectedNonce]);
  assert.deepEqual([told.acr, told.amr], ["ial3-aal1", ["pwd"]]);
  assert.ok(Math.abs(Date.now() / 1000 - told.auth_time) < 60);

  const info = await oidc.fetchUserInfo(app, tokens.access_token, told.sub);
  assert.deepEqual(info, { sub: told.sub, name: "周**", phone_number: "139****0002", ial: 3 });
});

test("a third party knows a person by a name of its own", async () => {
  const other = await party("code-flow-elsewhere", { sector: "elsewhere.example" });
  const [here, again, there] = [
    await tokensFor(app, resident),
    await tokensFor(app, resident),
    await tokensFor(other, resident),
  ];
  assert.equal(here.claims().sub, again.claims().sub);
  assert.notEqual(here.claims().sub, there.claims().sub);
  assert.notEqual(here.claims().sid, there.claims().sid);
});

test("the client takes no answer that another issuer, state or nonce came with", async () => {
  const { checks, url } = await request(app);
  const answer = await answered(resident, url);
  const forged = (name, value) => {
    const copy = new URL(answer);
    if (value === undefined) copy.searchParams.delete(name);
    else copy.searchParams.set(name, value);
    return oidc.authorizationCodeGrant(app, copy, checks);
  };
  const invalid = { code: "OAUTH_INVALID_RESPONSE" };
  await assert.rejects(forged("iss"), invalid);
  await assert.rejects(forged("iss", "https://elsewhere.example"), invalid);
  await assert.rejects(forged("state", oidc.randomState()), invalid);
  const other = { ...checks, expectedNonce: oidc.randomNonce() };
  await assert.rejects(oidc.authorizationCodeGrant(app, answer, other), ({ cause }) => /"nonce"/.test(cause.message));
});

test("a code is worth nothing with another verifier", async () => {
  const { checks, url } = await request(app);
  const answer = await answered(resident, url);
  const other = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
  await assert.rejects(oidc.authorizationCodeGrant(app, answer, other), refused("invalid_grant"));
});

test("a code is its own client's alone", async () => {
  const other = await party("code-flow-thief");
  const { checks, url } = await request(app);
  const answer = await answered(resident, url);
  await assert.rejects(oidc.authorizationCodeGrant(other, answer, checks), refused("invalid_grant"));
});

test("a code used twice gives nothing and takes back what it gave", async () => {
  const { checks, url } = await request(app, { scope: "openid profile offline_access" });
  const answer = await answered(resident, url);
  const first = await oidc.authorizationCodeGrant(app, answer, checks);
  assert.equal((await oidc.tokenIntrospection(app, first.access_token)).active, true);
  await assert.rejects(oidc.authorizationCodeGrant(app, answer, checks), refused("invalid_grant"));
  assert.deepEqual(await oidc.tokenIntrospection(app, first.access_token), { active: false });
  assert.deepEqual(await oidc.tokenIntrospection(app, first.refresh_token), { active: false });
  assert.equal(await userinfoStatus(first.access_token), 401);
  await assert.rejects(oidc.refreshTokenGrant(app, first.refresh_token), refused("invalid_grant"));
});

test("the app hears of it when nobody agrees, or nobody may be asked", async () => {
  const { checks, url } = await request(app, { prompt: "consent" });
  await resident.open(url);
  await resident.send("deny");
  const denied = { error: "access_denied", code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR" };
  await assert.rejects(oidc.authorizationCodeGrant(app, resident.left, checks), denied);

  const silent = await request(app, { prompt: "none" });
  const stranger = new Person();
  await stranger.open(silent.url);
  const asked = { error: "login_required", code: "OAUTH_AUTHORIZATION_RESPONSE_ERROR" };
  await assert.rejects(oidc.authorizationCodeGrant(app, stranger.left, silent.checks), asked);
});

test("who must have signed in a moment ago signs in anew, and the ID token says when", async () => {
  const { checks, url } = await request(app, { prompt: "login", max_age: "300" });
  const person = await Person.signedIn(personas.resident);
  await person.open(url);
  await person.signIn(personas.resident);
  const tokens = await oidc.authorizationCodeGrant(app, person.left, { ...checks, maxAge: 300 });
  assert.ok(Date.now() / 1000 - tokens.claims().auth_time < 60);
});

test("no request goes to an address that is not registered, and none is answered without PKCE", async () => {
  const { url } = await request(app, { redirect_uri: `${CALLBACK}/` });
  await resident.open(url);
  assert.deepEqual([resident.status, resident.left], [400, null]);
  assert.match(resident.page, /not registered/);

  const { url: open } = await request(app, { code_challenge: "", code_challenge_method: "" });
  await resident.open(open);
  assert.equal(resident.left.searchParams.get("error"), "invalid_request");
  assert.equal(resident.left.searchParams.get("iss"), portal);
});
