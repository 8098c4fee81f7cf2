// Chromium: passkeys (WebAuthn Level 3) made, used to sign in and to step up on the
// real pages; and the pages without JavaScript.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { authenticator, button, enterAccount, fresh, launch, passkeyButton, signIn } from "./browser.mjs";
import { oidc } from "./packages.mjs";
import { PASSWORD, Person } from "./person.mjs";
import { party, personas, portal } from "./portal.mjs";
import { request } from "./visit.mjs";

let browser;
/** Where the app's answers arrive: a browser must be able to go there. */
let callback;
let app;

before(async () => {
  browser = await launch();
  const server = createServer((_, answer) => answer.end("signed in"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  callback = `http://127.0.0.1:${server.address().port}/callback`;
  app = await party("passkeys", { redirect_uris: [callback] });
});

after(() => browser?.close());

/** Somebody with an account of his own and a passkey, signed in at a page. */
async function withPasskey(mobile, options = {}) {
  await Person.registered(mobile);
  const page = await fresh(browser);
  const device = await authenticator(page, options);
  await enterAccount(page, { account: mobile, password: PASSWORD });
  await page.fill("#name", "Grey telephone");
  await passkeyButton(page).click();
  await button(page, "remove_passkey").waitFor();
  return { page, device };
}

async function signOut(page) {
  await page.goto(`${portal}/account`);
  await button(page, "sign_out").click();
  await page.getByText("Signed out").first().waitFor();
}

/** Shows the passkey where more than the password is asked for, on the way to the account page. */
async function stepUp(page) {
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await passkeyButton(page).click();
  await page.waitForURL(`${portal}/account`);
}

/** What the app learns once the page has come back to it. */
async function arrived(page, checks) {
  await page.waitForURL((url) => url.href.startsWith(callback));
  const tokens = await oidc.authorizationCodeGrant(app, new URL(page.url()), checks);
  return tokens.claims();
}

test("a passkey is made on the account page and signs its owner in without a password", async () => {
  const { page, device } = await withPasskey("13800007001");
  assert.match(await page.locator("main").innerText(), /Grey telephone · bound to one device/);
  const [made] = await device.credentials();
  assert.deepEqual([made.rpId, made.isResidentCredential], ["localhost", true]);

  await signOut(page);
  await page.goto(`${portal}/account`);
  assert.equal(new URL(page.url()).pathname, "/oauth2/sign_in");
  await passkeyButton(page).click();
  await page.waitForURL(`${portal}/account`);
  assert.match(await page.locator("main").innerText(), /138\*\*\*\*7001.*last used/s);
  const [used] = await device.credentials();
  assert.ok(used.signCount > made.signCount);
});

test("an app learns that a passkey was used, and of which kind", async () => {
  for (const [mobile, options, amr, acr] of [
    ["13800007002", {}, ["hwk", "mfa"], "ial1-aal3"],
    ["13800007003", { defaultBackupEligibility: true, defaultBackupState: true }, ["mfa", "swk"], "ial1-aal2"],
  ]) {
    const { page } = await withPasskey(mobile, options);
    await signOut(page);
    const { checks, url } = await request(app, { redirect_uri: callback });
    await page.goto(url.href);
    await passkeyButton(page).click();
    await button(page, "allow").click();
    const told = await arrived(page, checks);
    assert.deepEqual([told.amr.toSorted(), told.acr], [amr, acr]);
  }
});

test("a passkey is the second factor where a password is not enough", async () => {
  const { page } = await withPasskey("13800007004");
  await signOut(page);
  const { checks, url } = await request(app, { redirect_uri: callback, acr_values: "ial1-aal2" });
  await page.goto(url.href);
  await signIn(page, { account: "13800007004", password: PASSWORD });
  await page.getByText("Sample app passkeys asks for a stronger proof").waitFor();
  await passkeyButton(page).click();
  await button(page, "allow").click();
  const told = await arrived(page, checks);
  assert.deepEqual(told.amr.toSorted(), ["hwk", "mfa", "pwd"]);
  assert.equal(told.acr, "ial1-aal3");
});

test("a passkey signs nobody in whom the authenticator did not verify", async () => {
  const { page, device } = await withPasskey("13800007005");
  await signOut(page);
  await device.verifiesUser(false);
  await page.goto(`${portal}/account`);
  await passkeyButton(page).click();
  await page.getByText("The passkey could not be used.").waitFor();
  await device.verifiesUser(true);
  await passkeyButton(page).click();
  await page.waitForURL(`${portal}/account`);
});

test("a copy of a passkey is found out by its counter", async () => {
  const { page, device } = await withPasskey("13800007006");
  const [copy] = await device.credentials();
  for (const isCopy of [false, true]) {
    await signOut(page);
    if (isCopy) await device.restore(copy);
    await page.goto(`${portal}/account`);
    await passkeyButton(page).click();
    if (isCopy) await page.getByText("The passkey could not be verified.").waitFor();
    else await page.waitForURL(`${portal}/account`);
  }
  assert.equal(new URL(page.url()).pathname, "/oauth2/sign_in");
});

test("what one signs in with is changed after the passkey was shown, and a removed one signs nobody in", async () => {
  const { page } = await withPasskey("13800007007");
  await button(page, "remove_passkey").click();
  await stepUp(page);
  await button(page, "remove_passkey").click();
  await page.getByText("None yet.").waitFor();
  await signOut(page);
  await page.goto(`${portal}/account`);
  await passkeyButton(page).click();
  await page.getByText("The passkey could not be verified.").waitFor();
});

test("one account has one passkey of an authenticator", async () => {
  const { page, device } = await withPasskey("13800007008");
  await passkeyButton(page).click();
  await stepUp(page);
  await passkeyButton(page).click();
  await page.getByText("The passkey could not be used.").waitFor();
  assert.equal((await device.credentials()).length, 1);
});

test("without JavaScript the password signs in, and no page offers what needs a script", async () => {
  const page = await fresh(browser, { javaScriptEnabled: false });
  const { checks, url } = await request(app, { redirect_uri: callback });
  await page.goto(url.href);
  assert.equal(await passkeyButton(page).isVisible(), false);
  await signIn(page, personas.resident);
  await button(page, "allow").click();
  assert.deepEqual((await arrived(page, checks)).amr, ["pwd"]);
  await page.goto(`${portal}/account`);
  assert.match(await page.locator("h1").innerText(), /My account/);
  assert.equal(await passkeyButton(page).isVisible(), false);
});
