// openid-client: a device signs somebody in who says so at another one (RFC 8628).

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { oidc } from "./packages.mjs";
import { Person } from "./person.mjs";
import { DEVICE, discover, party, personas, portal, register } from "./portal.mjs";

const KIOSK = {
  channel: "kiosk",
  counter: "kiosk-340700-1",
  authentication: "none",
  redirect_uris: [],
  grants: [DEVICE, "refresh_token"],
  scopes: ["openid", "profile", "cases"],
};

let kiosk;
let resident;

before(async () => {
  await register("device-kiosk", KIOSK);
  kiosk = await discover("device-kiosk", oidc.None());
  resident = await Person.signedIn(personas.resident);
});

/** Asks once. The client's own polling would wait some seconds before it. */
const ask = (config, { device_code }) => oidc.genericGrantRequest(config, DEVICE, { device_code });

test("somebody enters the code, compares it, and the kiosk signs him in", async () => {
  const codes = await oidc.initiateDeviceAuthorization(kiosk, { scope: "openid profile" });
  assert.equal(codes.verification_uri, `${portal}/device`);
  assert.equal(new URL(codes.verification_uri_complete).searchParams.get("user_code"), codes.user_code);
  assert.ok(codes.expires_in <= 600 && codes.interval >= 1);

  const signal = AbortSignal.timeout(30_000);
  const waiting = oidc.pollDeviceAuthorizationGrant(kiosk, codes, {}, { signal });
  await resident.open(codes.verification_uri);
  await resident.send("find", { user_code: codes.user_code.toLowerCase() });
  assert.match(resident.page, /Do not be tricked/);
  assert.ok(resident.page.includes(codes.user_code));
  await resident.send("approve");
  assert.match(resident.page, /Go on at the device/);

  const tokens = await waiting;
  assert.equal(tokens.scope, "openid profile");
  const said = await oidc.fetchUserInfo(kiosk, tokens.access_token, tokens.claims().sub);
  assert.deepEqual([said.name, said.phone_number], ["林晓岚", "139****0001"]);
  await assert.rejects(ask(kiosk, codes), { error: "invalid_grant" });
});

test("who refuses leaves the device with nothing", async () => {
  const codes = await oidc.initiateDeviceAuthorization(kiosk, { scope: "openid" });
  await resident.open(codes.verification_uri_complete);
  await resident.send("deny");
  assert.match(resident.page, /was not signed in/);
  await assert.rejects(ask(kiosk, codes), { error: "access_denied" });
});

test("until somebody agrees the device waits, and who asks too often is told to slow down", async () => {
  const codes = await oidc.initiateDeviceAuthorization(kiosk, { scope: "openid" });
  await assert.rejects(ask(kiosk, codes), { error: "authorization_pending" });
  await assert.rejects(ask(kiosk, codes), { error: "slow_down" });
});

test("a code is worth nothing to another device", async () => {
  const codes = await oidc.initiateDeviceAuthorization(kiosk, { scope: "openid" });
  await resident.open(codes.verification_uri_complete);
  await resident.send("approve");
  await register("device-other-kiosk", KIOSK);
  const other = await discover("device-other-kiosk", oidc.None());
  await assert.rejects(ask(other, codes), { error: "invalid_grant" });
  assert.equal((await ask(kiosk, codes)).token_type, "bearer");
});

test("a client without the grant begins nothing", async () => {
  const app = await party("device-none");
  await assert.rejects(oidc.initiateDeviceAuthorization(app, { scope: "openid" }), { error: "unauthorized_client" });
});
