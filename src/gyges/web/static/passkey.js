// SPDX-License-Identifier: Apache-2.0
// Passkeys: asks the browser's authenticator and puts what it says into a plain form, which then goes its way.
// data-passkey="sign" approves, "prove" signs in or shows that it is still you, "enrol" makes a new passkey.
// It decides nothing: every byte it sends is checked by the gate.
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const challenge = async (preimage) => new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(preimage)));

  // A form's text as it will arrive: line ends as forms send them, no more characters than are kept.
  const sent = (value, most) => {
    const whole = value.toWellFormed ? value.toWellFormed() : value;
    return [...whole.replace(/\r\n|\r|\n/g, "\r\n")].slice(0, most).join("");
  };

  // What will be signed: what the page showed, with what the person chose and wrote. Canonical JSON (RFC 8785):
  // all values are strings, and JSON.stringify writes those as the RFC does.
  const answer = (form) => {
    const found = JSON.parse(form.dataset.answer);
    found.group = form.elements.group ? form.elements.group.value : "";
    found.reason = form.elements.reason ? sent(form.elements.reason.value, 4000) : "";
    return JSON.stringify(found, Object.keys(found).sort());
  };

  const use = async (form, preimage) => {
    const credential = await navigator.credentials.get({
      publicKey: {
        challenge: await challenge(preimage),
        rpId: form.dataset.rp,
        allowCredentials: (form.dataset.credentials || "").split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
        userVerification: "required",
        timeout: 120000,
      },
    });
    form.elements.credential.value = credential.id;
    form.elements.client_data.value = text(credential.response.clientDataJSON);
    form.elements.authenticator_data.value = text(credential.response.authenticatorData);
    form.elements.signature.value = text(credential.response.signature);
  };

  const enrol = async (form) => {
    const data = form.dataset;
    const credential = await navigator.credentials.create({
      publicKey: {
        challenge: await challenge(form.elements.preimage.value),
        rp: { id: data.rp, name: "Gyges" },
        user: { id: bytes(data.user), name: data.account, displayName: data.display || data.account },
        pubKeyCredParams: data.algorithms.split(" ").map((alg) => ({ type: "public-key", alg: Number(alg) })),
        excludeCredentials: (data.credentials || "").split(" ").filter(Boolean).map((id) => ({ type: "public-key", id: bytes(id) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: 120000,
      },
    });
    form.elements.credential.value = JSON.stringify({
      id: credential.id, rawId: credential.id, type: credential.type,
      response: { clientDataJSON: text(credential.response.clientDataJSON), attestationObject: text(credential.response.attestationObject) },
      clientExtensionResults: {},
    });
  };

  const why = (error) => ({
    NotAllowedError: "The passkey was not used: it was refused, or it took too long.",
    InvalidStateError: "This passkey is on your account already.",
    SecurityError: "Passkeys cannot be used at this address.",
  })[error.name] || "The passkey could not be used.";

  const tell = (form, words) => {
    const place = form.querySelector("[data-told]");
    place.textContent = words;
  };

  const acts = { sign: (form) => use(form, answer(form)), prove: (form) => use(form, form.elements.preimage.value), enrol };

  const submitted = async (event) => {
    const form = event.target;
    const act = acts[form.dataset.passkey];
    if (!act || event.defaultPrevented) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    tell(form, "Waiting for your passkey.");
    try {
      await act(form);
      tell(form, "");
      HTMLFormElement.prototype.submit.call(form);
    } catch (error) {
      tell(form, why(error));
    } finally {
      delete form.dataset.busy;
    }
  };

  const able = window.isSecureContext && window.PublicKeyCredential;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", submitted);
    for (const part of form.querySelectorAll("[data-script]")) part.hidden = !able;
    if (!able && form.querySelector("[data-told]")) tell(form, "This browser offers no passkeys here.");
  }
})();
