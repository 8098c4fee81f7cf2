// The way of a client's request through the pages and back to the client.

import assert from "node:assert/strict";

import { oidc } from "./packages.mjs";
import { CALLBACK } from "./portal.mjs";

/** A client's request with everything that protects it, and what to check the answer with. */
export async function request(config, more = {}) {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: CALLBACK,
    scope: "openid profile",
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  };
  return { checks, parameters, url: oidc.buildAuthorizationUrl(config, parameters) };
}

/** Brings the request before somebody who is signed in; agrees where he is asked. */
export async function answered(person, url) {
  await person.open(url);
  if (!person.left) await person.send("allow");
  assert.ok(person.left, person.page);
  return person.left;
}

/** The whole way: tokens for somebody who is signed in. */
export async function tokensFor(config, person, more = {}, options = {}) {
  const { checks, url } = await request(config, more);
  return oidc.authorizationCodeGrant(config, await answered(person, url), checks, {}, options);
}
