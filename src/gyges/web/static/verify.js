// SPDX-License-Identifier: Apache-2.0
// Checks an evidence bundle (docs/formats/evidence.md) in the browser, with nothing but WebCrypto.
//
// It computes the tree's root from every entry (RFC 9162, 2.1.3.2), each payload's digest, the checkpoint's
// Ed25519 signature, and that the log still begins with the one this browser saw last (2.1.4.2). It does not
// make the server honest: a page that lies can send a lying script. `gyges log verify` with a key that you
// were given elsewhere does not have that hole.

const FORMAT = "gyges-evidence/1";
const DASH = "\u2014 ";
const text8 = new TextEncoder();

// --- bytes ---

const hash = async (...parts) => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
};

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const unhex = (text) => {
  must(/^(?:[0-9a-f]{2})*$/.test(text), "not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

const unbase64 = (text) => {
  const found = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  must(base64(found) === text, "not base64 in its one form");
  return found;
};

const must = (holds, what) => {
  if (!holds) throw new Error(what);
};

// RFC 8785. ECMAScript's own numbers, strings and order of keys are what that standard is made of.
export const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
};

// --- the tree ---

const node = (left, right) => hash(Uint8Array.of(1), left, right);

export const leafOf = (entry) => hash(Uint8Array.of(0), text8.encode(entry));

// The root that a leaf and its proof lead to (RFC 9162, 2.1.3.2). Sizes stay below 2^53, so no shifts.
export const rootFrom = async (leaf, index, size, proof) => {
  must(Number.isSafeInteger(index) && index >= 0 && index < size, "no such place in the tree");
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const part of proof) {
    must(sn > 0, "the proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      root = await node(part, root);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      root = await node(root, part);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  must(sn === 0, "the proof is too short");
  return root;
};

// Whether the tree of `size` entries begins with that of `old` (RFC 9162, 2.1.4.2).
export const beginsWith = async (old, oldRoot, size, root, proof) => {
  if (old === size) return proof.length === 0 && hex(oldRoot) === hex(root);
  if (old < 1 || old > size) return false;
  let [fn, sn] = [old - 1, size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  const path = fn === 0 ? [oldRoot, ...proof] : [...proof];
  if (path.length === 0) return false;
  let [fr, sr] = [path[0], path[0]];
  for (const part of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [await node(part, fr), await node(part, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    } else {
      sr = await node(sr, part);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && hex(fr) === hex(oldRoot) && hex(sr) === hex(root);
};

// --- the checkpoint ---

// A signed note with a checkpoint in it: {origin, size, root, text, signatures: [{name, id, value}]}.
export const readCheckpoint = (note) => {
  const cut = note.lastIndexOf("\n\n");
  must(cut > 0 && note.endsWith("\n"), "the checkpoint is no signed note");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  must(/^(?:0|[1-9][0-9]*)$/.test(size) && Number.isSafeInteger(Number(size)), "the checkpoint has no size");
  const signatures = note.slice(cut + 2, -1).split("\n").map((line) => {
    const [name, value, more] = line.startsWith(DASH) ? line.slice(2).split(" ") : [];
    must(name && value && more === undefined, "a signature line cannot be read");
    const raw = unbase64(value);
    return { name, id: hex(raw.slice(0, 4)), value: raw.slice(4) };
  });
  return { origin, size: Number(size), root: unbase64(root), text, signatures };
};

// A verifier key, name+id+base64: checked against its own id.
export const readKey = async (key) => {
  const [name, id, ...rest] = key.split("+");
  const raw = unbase64(rest.join("+"));
  must(raw.length === 33 && raw[0] === 1, "not an Ed25519 key");
  const counted = await hash(text8.encode(`${name}\n`), raw);
  must(hex(counted.slice(0, 4)) === id, "the key's id does not fit the key");
  return { name, id, bytes: raw.slice(1) };
};

// true, false, or null where this browser knows no Ed25519.
export const signedBy = async (point, key) => {
  const found = point.signatures.filter((one) => one.name === key.name && one.id === key.id);
  if (found.length !== 1 || point.origin !== key.name) return false;
  let known;
  try {
    known = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    throw error;
  }
  return crypto.subtle.verify("Ed25519", known, found[0].value, text8.encode(point.text));
};

// --- the bundle ---

const checkEvent = async (line, point) => {
  const root = await rootFrom(await leafOf(line.entry), line.index, point.size, line.proof.map(unhex));
  must(hex(root) === hex(point.root), `entry ${line.index} is not in the tree`);
  const entry = JSON.parse(line.entry);
  if (line.payload === null) return { ...line, at: entry };
  const digest = await hash(unhex(line.salt), text8.encode(canonical(line.payload)));
  must(`sha256:${hex(digest)}` === entry.digest, `the payload of entry ${line.index} is not what was logged`);
  return { ...line, at: entry };
};

// Checks the text of a bundle: {point, events, signed}; throws an Error that says what does not hold.
export const checkBundle = async (text, key) => {
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const header = lines[0];
  must(header.type === "header" && header.format === FORMAT, "not an evidence bundle");
  const last = lines[lines.length - 1];
  must(last.type === "checkpoint", "the bundle was cut off");
  const point = readCheckpoint(last.note);
  must(point.origin === header.origin && point.size === header.size, "the checkpoint is of another log");
  const told = lines.filter((line) => line.type === "event");
  must(told.length === header.events && told.length > 0, "events are missing from the bundle");
  const events = [];
  for (const line of told) events.push(await checkEvent(line, point));
  const signed = await signedBy(point, await readKey(key));
  must(signed !== false, "the checkpoint's signature does not hold");
  return { point, events, signed };
};

// --- what this browser saw before ---

const KEPT = "gyges-log ";

// Compares a checkpoint with the one kept for its log, and keeps it: the sentence to show; throws if they differ.
export const compare = async (point, key, consistency, kept = localStorage) => {
  const before = JSON.parse(kept.getItem(KEPT + point.origin) ?? "null");
  const keep = () =>
    kept.setItem(KEPT + point.origin, JSON.stringify({ key, size: point.size, root: hex(point.root) }));
  if (before === null) return keep(), "This browser sees this log for the first time; it keeps the checkpoint and the key.";
  must(before.key === key, "the log's key is not the one this browser saw before");
  must(before.size <= point.size, `the log is shorter than the ${before.size} entries this browser saw before`);
  const proof = before.size < point.size && before.size > 0 ? await consistency(before.size, point.size) : [];
  const same = before.size === 0 || (await beginsWith(before.size, unhex(before.root), point.size, point.root, proof));
  must(same, `the log no longer begins with the ${before.size} entries this browser saw before`);
  keep();
  return `It begins with the ${before.size} entries that this browser saw before.`;
};

// --- the page ---

const get = async (url) => {
  const answer = await fetch(url, { headers: { accept: "text/plain, application/json" }, cache: "no-store" });
  must(answer.ok, `${url} answered ${answer.status}`);
  return answer.text();
};

const consistencyFrom = (url) => async (old, size) =>
  JSON.parse(await get(`${url}?old=${old}&new=${size}`)).hashes.map(unhex);

const say = (list, kind, text) => {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = text;
  list.append(item);
};

// Marks the rows of the page whose shown payload is the one that was logged; throws at one that is not.
const compareShown = (events) => {
  for (const row of document.querySelectorAll("[data-index]")) {
    const event = events.find((one) => String(one.index) === row.dataset.index);
    must(event !== undefined, `the page shows entry ${row.dataset.index}, which the evidence does not hold`);
    const mark = (words) => ((row.querySelector("[data-mark]").textContent = words), (row.dataset.proved = "yes"));
    const shown = row.querySelector("[data-payload]");
    const logged = event.payload === null ? null : canonical(event.payload);
    must(shown === null ? logged === null || "long" in row.dataset : canonical(JSON.parse(shown.textContent)) === logged,
      `entry ${event.index}: the page shows something else than what was logged`);
    mark(shown !== null ? "in the log as shown" : logged === null ? "in the log, redacted" : "in the log, too long to show");
  }
};

const tellSignature = (list, signed, point) =>
  signed
    ? say(list, "held", `The checkpoint of ${point.size} entries is signed by ${point.origin}.`)
    : say(list, "open", "This browser knows no Ed25519, so the checkpoint's signature was not checked.");

const verifyBundle = async (where, list) => {
  const { point, events, signed } = await checkBundle(await get(where.bundle), where.verifier);
  say(list, "held", `${events.length} entries are in the tree of ${point.size}, root ${hex(point.root).slice(0, 16)}…`);
  const gone = events.filter((one) => one.payload === null).length;
  say(list, "held", `${events.length - gone} payloads fit the digests that were logged; ${gone} were redacted.`);
  compareShown(events);
  say(list, "held", "What this page shows of each entry is what was logged.");
  tellSignature(list, signed, point);
  say(list, "held", await compare(point, where.verifier, consistencyFrom(where.consistency)));
};

const verifyCheckpoint = async (where, list) => {
  const point = readCheckpoint(await get(where.checkpoint));
  const signed = await signedBy(point, await readKey(where.verifier));
  must(signed !== false, "the checkpoint's signature does not hold");
  tellSignature(list, signed, point);
  say(list, "held", await compare(point, where.verifier, consistencyFrom(where.consistency)));
};

const verify = async (section) => {
  const list = section.querySelector("[data-report]");
  list.replaceChildren();
  section.dataset.state = "working";
  try {
    must(globalThis.crypto?.subtle, "this browser checks nothing on a page that came without TLS; use https or localhost");
    await (section.dataset.bundle ? verifyBundle : verifyCheckpoint)(section.dataset, list);
    section.dataset.state = "held";
    say(list, "held", "Held.");
  } catch (error) {
    section.dataset.state = "broken";
    say(list, "broken", `Did not hold: ${error.message}.`);
  }
};

for (const section of globalThis.document?.querySelectorAll("[data-proof]") ?? []) {
  const button = section.querySelector("[data-verify]");
  button.hidden = false;
  button.addEventListener("click", () => verify(section));
}
