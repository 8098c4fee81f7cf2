// Prints the access token an app gets for somebody who signed in, for a peer that is
// no browser.

import { Person } from "./person.mjs";
import { party, personas } from "./portal.mjs";
import { tokensFor } from "./visit.mjs";

const app = await party("person-token");
const tokens = await tokensFor(app, await Person.signedIn(personas.resident), { scope: "openid cases" });
process.stdout.write(tokens.access_token);
