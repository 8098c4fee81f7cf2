// The portal under test, and what its demo hands out: people, the administrator's
// word, the messages that would go to a phone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { oidc } from "./packages.mjs";

const sheet = JSON.parse(readFileSync(`${process.env.WST_PEERS_DATA}/demo.json`, "utf8"));

/** Its address, and so its issuer. */
export const portal = sheet.base_url;
export const personas = sheet.personas;
export const guides = sheet.guides;

/** Where clients of these tests get their answers; nobody listens there. */
export const CALLBACK = "http://127.0.0.1:3000/callback";

export const CODE = ["authorization_code", "refresh_token"];
export const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";

/** Registers a client as an administrator does; the answer has its secret. */
export async function register(id, registration = {}) {
  const answer = await fetch(`${portal}/api/v1/clients`, {
    method: "POST",
    headers: { Authorization: `Bearer ${sheet.tokens["admin@web"]}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      id,
      channel: "third_party",
      name: { zh: `样例应用 ${id}`, en: `Sample app ${id}` },
      authentication: "client_secret",
      redirect_uris: [CALLBACK],
      grants: CODE,
      scopes: ["openid", "profile", "cases", "offline_access"],
      ...registration,
    }),
  });
  const client = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(client));
  return client;
}

/** What openid-client knows of the portal and of one client. */
export function discover(id, proof, metadata) {
  // The loopback has no TLS, so signatures are checked where TLS would stand in for them.
  const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks];
  return oidc.discovery(new URL(portal), id, metadata, proof, { execute });
}

/** A registered client with a secret, as openid-client sees it. */
export async function party(id, registration) {
  const { secret } = await register(id, registration);
  return discover(id, oidc.ClientSecretBasic(secret));
}

/** The codes sent to a number so far; the log shows it masked. */
function codes(mobile) {
  const masked = `SMS to="${mobile.slice(0, 3)}****${mobile.slice(-4)}"`;
  const lines = readFileSync(process.env.WST_PEERS_LOG, "utf8").split("\n");
  return lines.filter((line) => line.includes(masked)).map((line) => /验证码 (\d{6})，/.exec(line)?.[1]);
}

/** The code that arrives because of what is done. */
export async function codeSentTo(mobile, act) {
  const before = codes(mobile).length;
  await act();
  for (let tries = 0; tries < 100; tries += 1) {
    const code = codes(mobile)[before];
    if (code) return code;
    await pause(50);
  }
  return assert.fail(`no code was sent to ${mobile}`);
}

/** What an access token is still good for at the userinfo endpoint. */
export async function userinfoStatus(token, scheme = "Bearer") {
  const answer = await fetch(`${portal}/oauth2/userinfo`, { headers: { Authorization: `${scheme} ${token}` } });
  return answer.status;
}

/** The claims of a token whose signature somebody else checks. */
export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());

/** Asserts that an endpoint of the protocol refused with this error. */
export const refused = (error, status = 400) => (thrown) => {
  assert.ok(thrown instanceof oidc.ResponseBodyError, thrown.stack);
  assert.deepEqual([thrown.error, thrown.status], [error, status]);
  return true;
};
