// The packages of package-lock.json, which are kept outside of the tree.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.env.WST_PEERS_MODULES}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

export const oidc = await load("openid-client");
export const { chromium } = (await load("playwright-core")).default;
/** The script that is run in a page. */
export const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
