// openid-client: signing out by way of an app (OpenID Connect RP-Initiated Logout 1.0).

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { oidc } from "./packages.mjs";
import { Person } from "./person.mjs";
import { party, personas, portal } from "./portal.mjs";
import { request, tokensFor } from "./visit.mjs";

const GOODBYE = "http://127.0.0.1:3000/goodbye";

let app;

before(async () => {
  app = await party("leaving", { post_logout_redirect_uris: [GOODBYE] });
});

/** Whether the browser would be answered without a word to the person. */
async function isSignedIn(person) {
  const { url } = await request(app, { prompt: "none" });
  await person.open(url);
  return person.left.searchParams.get("error") !== "login_required";
}

test("who leaves with an ID token is signed out at once, and sent where the app wants", async () => {
  const person = await Person.signedIn(personas.resident);
  const tokens = await tokensFor(app, person);
  assert.equal(await isSignedIn(person), true);

  const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: GOODBYE, state: "and-back" };
  const url = oidc.buildEndSessionUrl(app, parameters);
  assert.equal(url.origin + url.pathname, `${portal}/oauth2/end_session`);
  await person.open(url);
  assert.equal(person.left.href, `${GOODBYE}?state=and-back`);

  assert.deepEqual(await oidc.tokenIntrospection(app, tokens.access_token), { active: false });
  assert.equal(await isSignedIn(person), false);
});

test("who comes without an ID token is asked first", async () => {
  const person = await Person.signedIn(personas.resident);
  const tokens = await tokensFor(app, person);
  await person.open(oidc.buildEndSessionUrl(app, { post_logout_redirect_uri: GOODBYE, state: "asked" }));
  assert.equal(person.left, null);
  assert.match(person.page, /Sign out\?/);
  assert.equal((await oidc.tokenIntrospection(app, tokens.access_token)).active, true);
  await person.send("end");
  assert.equal(person.left.href, `${GOODBYE}?state=asked`);
  assert.deepEqual(await oidc.tokenIntrospection(app, tokens.access_token), { active: false });
});

test("nobody is sent to an address that is not registered", async () => {
  const person = await Person.signedIn(personas.resident);
  const { id_token } = await tokensFor(app, person);
  const elsewhere = { id_token_hint: id_token, post_logout_redirect_uri: `${GOODBYE}/elsewhere` };
  await person.open(oidc.buildEndSessionUrl(app, elsewhere));
  assert.deepEqual([person.left, person.status], [null, 200]);
  assert.match(person.page, /Signed out/);
});
