// A person at a browser without JavaScript: keeps cookies, follows redirects within
// the portal, and sends the forms that stand on the page as they stand there.

import assert from "node:assert/strict";

import { codeSentTo, portal } from "./portal.mjs";

export const PASSWORD = "copper-mountain-57-lantern";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };
const plain = (text) => text.replace(/&(amp|lt|gt|quot);/g, (entity) => ENTITIES[entity]);
const attribute = (tag, name) => plain(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? "");

export class Person {
  page = "";
  status = 0;
  /** Where the portal sent him on to: an address that is not its own. */
  left = null;
  #cookies = new Map();
  #at = null;

  /** Somebody new, with an account of his own. */
  static async registered(mobile) {
    const person = new Person();
    await person.open(`${portal}/oauth2/register`);
    const code = await codeSentTo(mobile, () => person.send("send_code", { mobile }));
    await person.send("register", { mobile, code, password: PASSWORD, name: "" });
    assert.equal(person.path, "/account", person.page);
    return person;
  }

  /** Somebody the demo knows, at a browser nobody has used. */
  static async signedIn({ account, password }) {
    const person = new Person();
    await person.open(`${portal}/account`);
    await person.signIn({ account, password });
    assert.equal(person.path, "/account", person.page);
    return person;
  }

  get path() {
    return this.#at?.pathname;
  }

  open(address) {
    return this.#go(new URL(address, portal), {});
  }

  /** Fills in the form that has this button, and presses it. */
  async send(button, fields = {}) {
    const forms = [...this.page.matchAll(/<form[^>]*>.*?<\/form>/gs)].map(([form]) => form);
    const form = forms.find((each) => each.includes(` name="action" value="${button}"`));
    assert.ok(form, `no button ${button} on ${this.#at}, status ${this.status}: ${this.page}`);
    const tags = [...form.matchAll(/<input[^>]*>/g)].map(([tag]) => tag);
    const inputs = Object.fromEntries(tags.map((tag) => [attribute(tag, "name"), attribute(tag, "value")]));
    for (const name of Object.keys(fields)) assert.ok(name in inputs, `no field ${name} in ${form}`);
    const body = new URLSearchParams({ ...inputs, ...fields, action: button });
    await this.#go(new URL(attribute(form, "action"), this.#at), { method: "POST", body });
  }

  signIn({ account, password }) {
    return this.send("password", { mobile: account, password });
  }

  async #go(address, request) {
    this.left = null;
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { Cookie: cookie, "Accept-Language": "en" };
      const answer = await fetch(address, { ...request, headers, redirect: "manual" });
      this.#keep(answer.headers.getSetCookie());
      [this.page, this.status, this.#at] = [await answer.text(), answer.status, address];
      if (answer.status !== 303) return;
      address = new URL(answer.headers.get("location"), address);
      if (address.origin !== portal) {
        this.left = address;
        return;
      }
      request = {};
    }
    assert.fail(`sent around in circles, at last to ${address}`);
  }

  #keep(lines) {
    for (const line of lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (line.includes("Max-Age=0")) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
