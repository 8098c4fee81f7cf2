// Chromium, with authenticators of the tests' own (CDP domain WebAuthn).

import { chromium } from "./packages.mjs";
import { portal } from "./portal.mjs";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: process.env.WST_PEERS_CHROMIUM, args: ARGUMENTS });

/** A browser nobody has used; what takes longer than this is broken. */
export async function fresh(browser, options = {}) {
  const context = await browser.newContext({ locale: "en", ...options });
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

/** The button of a form, by the word it stands for. */
export const button = (page, action) => page.locator(`button[name=action][value=${action}]`);

/** The button of the form that a passkey fills in. */
export const passkeyButton = (page) => page.locator("form[data-passkey] button");

export async function signIn(page, { account, password }) {
  await page.fill("#mobile", account);
  await page.fill("#password", password);
  await button(page, "password").click();
}

/** Signs in and comes to the account page. */
export async function enterAccount(page, who) {
  await page.goto(`${portal}/account`);
  await signIn(page, who);
  await page.waitForURL(`${portal}/account`);
}

/** An authenticator at hand, bound to this device unless it is said otherwise. */
export async function authenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...options,
    },
  });
  const send = (command, more = {}) => cdp.send(`WebAuthn.${command}`, { authenticatorId, ...more });
  return {
    credentials: async () => (await send("getCredentials")).credentials,
    /** Puts a credential back as it was, with the counter it had. */
    restore: async (credential) => {
      await send("removeCredential", { credentialId: credential.credentialId });
      await send("addCredential", { credential });
    },
    verifiesUser: (isUserVerified) => send("setUserVerified", { isUserVerified }),
  };
}
