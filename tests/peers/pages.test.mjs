// axe-core in Chromium: every page of signing in and of one's account, with what it
// says when something is wrong, and what is printed, in both languages and both colour schemes, on a narrow
// screen.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { authenticator, button, enterAccount, fresh, launch, passkeyButton, signIn } from "./browser.mjs";
import { axe, oidc } from "./packages.mjs";
import { PASSWORD, Person } from "./person.mjs";
import { DEVICE, discover, guides, party, portal, register } from "./portal.mjs";
import { request, tokensFor } from "./visit.mjs";

let browser;
let app;
let kiosk;

before(async () => {
  browser = await launch();
  app = await party("pages", { post_logout_redirect_uris: ["http://127.0.0.1:3000/goodbye"] });
  const registration = { channel: "kiosk", counter: "kiosk-340700-1", authentication: "none", redirect_uris: [] };
  await register("pages-kiosk", { ...registration, grants: [DEVICE], scopes: ["openid", "profile"] });
  kiosk = await discover("pages-kiosk", oidc.None());
});

after(() => browser?.close());

/** What axe finds on the page as it stands, one line for each rule and place. */
async function violations(page) {
  await page.evaluate(axe);
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // Off unless asked for (WCAG 2.2, 2.5.8).
    const options = { rules: { "target-size": { enabled: true } } };
    const result = await page.evaluate((given) => globalThis.axe.run(given), options);
    const looked = result.passes.map(({ id }) => id);
    for (const rule of ["color-contrast", "document-title", "region"]) assert.ok(looked.includes(rule), rule);
    for (const { id, help, nodes } of result.violations) {
      found.push(...nodes.map(({ html }) => `${colorScheme}: ${id} (${help}): ${html}`));
    }
  }
  return found;
}

/** The six digits an authenticator app shows for this key (RFC 6238). */
function totp(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Goes through the pages in one language; `look` has axe look at each. */
class Tour {
  constructor(page, look) {
    Object.assign(this, { page, look });
  }

  /** Presses a button and waits for what the page before did not have. */
  async press(action, next) {
    await button(this.page, action).first().click();
    await this.page.locator(next).first().waitFor();
  }

  /** Comes to the sign-in page for an app that asks for this. */
  async ask(more = {}) {
    await this.page.context().clearCookies();
    const { url } = await request(app, more);
    await this.page.goto(url.href);
  }

  /** Signs in on the way to what the app asked for. */
  async signIn(mobile, next) {
    await signIn(this.page, { account: mobile, password: PASSWORD });
    await this.page.locator(next).first().waitFor();
  }
}

/** What somebody without a sign-in sees; he has no account either. */
async function outside(tour, mobile) {
  const { page, look } = tour;
  await tour.ask();
  await look("the sign-in page");
  await tour.signIn(mobile, "#problems");
  await look("the sign-in page, with a wrong password");
  await tour.press("send_code", "button[value=code]");
  await look("the sign-in page, with a code sent");
  await page.locator("nav a").nth(0).click();
  await page.waitForURL(/oauth2.register/);
  await look("the page to register on");
  await page.fill("#mobile", mobile);
  await tour.press("send_code", "button[value=register]");
  await look("the page to register on, with a code sent");
  await page.fill("#code", "000000");
  await page.fill("#password", "password");
  await tour.press("register", "#problems");
  await look("the page to register on, with what is wrong");
  await tour.ask();
  await page.locator("nav a").nth(1).click();
  await page.waitForURL(/oauth2.password/);
  await look("the page for a forgotten password");
  await page.fill("#mobile", mobile);
  await tour.press("send_code", "button[value=reset]");
  await look("the page for a forgotten password, with a code sent");
  await page.goto(`${portal}/oauth2/authorize?client_id=nobody`);
  await look("the error of an app that is not registered");
  await tour.ask({ redirect_uri: "https://elsewhere.example/" });
  await look("the error of an address that is not registered");
  await page.goto(`${portal}/oauth2/end_session`);
  await look("the error of leaving where nobody is signed in");
}

/** What apps ask of somebody who signed in with a password. */
async function asked(tour, mobile) {
  const { page, look } = tour;
  await tour.ask();
  await tour.signIn(mobile, "button[value=allow]");
  await look("the page that asks for consent");
  await tour.ask({ acr_values: "ial1-aal2" });
  await tour.signIn(mobile, "button[value=send_factor]");
  await look("the page for a second factor");
  await tour.press("send_factor", "button[value=show_code]");
  await page.fill("#code", "000000");
  await tour.press("show_code", "#problems");
  await look("the page for a second factor, with a wrong code");
  await tour.ask({ acr_values: "ial4-aal1" });
  await tour.signIn(mobile, "button[value=unmet]");
  await look("the page that says how to prove one's identity");
}

/** The account page and what it leads to. */
async function account(tour, mobile) {
  const { page, look } = tour;
  await page.context().clearCookies();
  await authenticator(page);
  await enterAccount(page, { account: mobile, password: PASSWORD });
  await look("the account page");
  await page.fill("#name", "Grey telephone");
  await passkeyButton(page).click();
  await page.locator("button[value=remove_passkey]").waitFor();
  await tour.press("begin_totp", "button[value=show_password], button[value=send_factor]");
  await look("the page for a second factor, with a passkey");
  await passkeyButton(page).click();
  await page.locator("button[value=begin_totp]").waitFor();
  await tour.press("begin_totp", "button[value=confirm]");
  await look("the page to set up an authenticator app on");
  const secret = (await page.locator(".secret").innerText()).replaceAll(" ", "");
  await page.fill("#code", "000000");
  await tour.press("confirm", "#problems");
  await look("the page to set up an authenticator app on, with a wrong code");
  await page.fill("#code", totp(secret));
  await tour.press("confirm", ".codes");
  await look("the recovery codes");
  await page.goto(`${portal}/account`);
  await look("the account page, with everything on it");
  await page.goto(`${portal}/account/password`);
  await look("the page for a new password");
  await page.fill("#old_password", "not-the-password");
  await page.fill("#new_password", "password");
  await tour.press("change", "#problems");
  await look("the page for a new password, with what is wrong");
  await tour.ask({ acr_values: "ial1-aal2" });
  await tour.signIn(mobile, "button[value=totp]");
  await page.locator("summary").click();
  await look("the page for a second factor, with an authenticator app");
}

/** A device's code, and leaving; with somebody signed in. */
async function device(tour, mobile) {
  const { page, look } = tour;
  await page.context().clearCookies();
  await enterAccount(page, { account: mobile, password: PASSWORD });
  await page.goto(`${portal}/device`);
  await look("the page for a device's code");
  await page.fill("#user_code", "BCDF-GHJK");
  await tour.press("find", "#problems");
  await look("the page for a device's code, with a wrong one");
  for (const [action, name] of [["approve", "allowed"], ["deny", "refused"]]) {
    const codes = await oidc.initiateDeviceAuthorization(kiosk, { scope: "openid profile" });
    await page.goto(codes.verification_uri_complete);
    await look(`the page that shows a device to be ${name}`);
    await tour.press(action, ".notice");
    await look(`the page of a device that was ${name}`);
  }
  await page.goto(`${portal}/oauth2/end_session`);
  await look("the page that asks before leaving");
  await tour.press("end", "h1:not(:has(~ form))");
  await look("the page of somebody who left");
}

/** What a counter hands out: a guide and its form, with and without scenarios. */
async function printed({ page, look }) {
  for (const item of ["000701008000", "000553001000"]) {
    const guide = guides.find((code) => code.endsWith(item));
    for (const [format, name] of [["html", "guide"], ["form", "form"]]) {
      await page.goto(`${portal}/api/v1/guides/${guide}/export/${format}`);
      await look(`the ${name} ${item} to print`);
    }
  }
}

test("axe says so when a page is at fault", async () => {
  const page = await fresh(browser);
  await page.goto(`${portal}/account`);
  await page.locator("label[for=mobile]").evaluate((label) => label.remove());
  await page.locator("h1").evaluate((heading) => heading.style.setProperty("color", "#bbbbbb"));
  const rules = (await violations(page)).map((line) => line.replace(/ .*?(\w[\w-]+) \(.*/s, " $1"));
  assert.deepEqual([...new Set(rules)], ["light: color-contrast", "light: label", "dark: label"]);
});

for (const [locale, digit] of [["zh-CN", 1], ["en", 2]]) {
  test(`axe finds nothing wrong with any page in ${locale}`, async (t) => {
    // As narrow as a page may become without scrolling sideways (WCAG 2.2, 1.4.10).
    const page = await fresh(browser, { locale, viewport: { width: 320, height: 640 } });
    const look = (name) =>
      t.test(`${name}, in ${locale}`, async () => {
        const html = page.locator("html");
        assert.equal(await html.getAttribute("lang"), locale);
        assert.ok((await html.evaluate((element) => element.scrollWidth)) <= 320, "it scrolls sideways");
        assert.deepEqual(await violations(page), []);
      });
    const tour = new Tour(page, look);
    const [stranger, resident] = [`1380000810${digit}`, `1380000820${digit}`];
    await outside(tour, stranger);
    const person = await Person.registered(resident);
    await asked(tour, resident);
    await device(tour, resident);
    await tokensFor(app, person);
    await account(tour, resident);
    await printed(tour);
  });
}
