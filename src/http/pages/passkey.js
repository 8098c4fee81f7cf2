// What passkeys need of the browser: the forms marked `data-passkey` are shown,
// fetch their options when they are sent, ask the authenticator, and go on with
// what it says. Without this script they stay hidden and the other ways are left.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const readable = (options) => {
  const known = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) read.excludeCredentials = known(options.excludeCredentials);
  return read;
};

const written = (credential) => {
  const said = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) said[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: said,
    clientExtensionResults: {},
  });
};

const ask = async (form) => {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    if (problem.location) return location.assign(problem.location);
    throw new Error("no options");
  }
  const { ceremony, options } = await answer.json();
  const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: readable(options) });
  form.elements.namedItem("ceremony").value = ceremony;
  form.elements.namedItem("credential").value = written(credential);
  form.submit();
};

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-failed]");
      const button = form.querySelector("button");
      failed.hidden = true;
      button.disabled = true;
      ask(form)
        .catch(() => {
          failed.hidden = false;
        })
        .finally(() => {
          button.disabled = false;
        });
    });
  }
}
