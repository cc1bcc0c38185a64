// SPDX-License-Identifier: Apache-2.0
// What makes pages livelier, and nothing that they need: every page works by links and forms without it.
// Countdowns, the live list with focus kept, keys, what was unfolded. It decides nothing and asks no other host.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const skew = Number(document.body.dataset.now) - Date.now(); // the server's clock is the one that counts
const now = () => Date.now() + skew;

function say(words) {
  const status = $("#status");
  status.textContent = "";
  requestAnimationFrame(() => { status.textContent = words; });
}

// -- time ------------------------------------------------------------------------------------

function span(ms) { // as times.py has it: the two largest parts
  let left = Math.max(0, Math.floor(ms / 1000));
  const parts = [];
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]) {
    const count = Math.floor(left / size);
    left %= size;
    if (count || parts.length) parts.push(count ? `${count} ${unit}` : "");
    if (parts.length === 2) break;
  }
  return parts.filter(Boolean).join(" ") || "0 s";
}

function tick() {
  for (const time of $$("[data-left]")) {
    const left = Number(time.dataset.left) - now();
    time.textContent = left > 0 ? span(left) : "over";
    time.classList.toggle("soon", left < 300000 && left >= 60000);
    time.classList.toggle("last", left < 60000);
  }
  for (const time of $$("[data-at]")) {
    const past = now() - Number(time.dataset.at);
    time.textContent = past >= 1000 ? `${span(past)} ago` : "just now";
  }
  dwell();
}

function dwell() {
  const form = $("#approve");
  if (!form || !Number(form.dataset.dwell)) return;
  const left = Number(form.dataset.opened) + Number(form.dataset.dwell) - now();
  const button = $("#approve-button");
  button.setAttribute("aria-disabled", left > 0 ? "true" : "false");
  $("#wait").textContent = left > 0 ? `Look first: ${Math.ceil(left / 1000)} s` : "";
}

// -- the live list -----------------------------------------------------------------------------

async function refresh() {
  const live = $("#live");
  const answer = await fetch(`/inbox/list${location.search}`, { headers: { accept: "text/html" }, redirect: "error" }).catch(() => null);
  if (!answer?.ok) return; // the next change, or the end of the stream, tries again
  const fresh = $("#live", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!fresh) return;
  const before = new Set($$(".item", live).map((item) => item.id));
  const after = new Set($$(".item", fresh).map((item) => item.id));
  const held = document.activeElement.closest?.(".item");
  const order = $$(".item", live).map((item) => item.id);
  const wasBox = document.activeElement.matches?.("input");
  const ticked = new Set($$("input:checked", live).map((box) => box.value));
  live.replaceChildren(...fresh.childNodes);
  for (const box of $$("input[name=id]", live)) box.checked = ticked.has(box.value);
  if (held) refocus(held.id, order, wasBox);
  selected();
  tick();
  document.title = $("title", document).textContent.replace(/^(\(\d+\) )?/, after.size ? `(${fresh.dataset.total}) ` : "");
  const come = [...after].filter((id) => !before.has(id)).length;
  const gone = [...before].filter((id) => !after.has(id)).length;
  if (come || gone) say([come && `${come} new`, gone && `${gone} gone`].filter(Boolean).join(", "));
}

function refocus(id, order, box) {
  const place = order.indexOf(id);
  const near = [id, ...order.slice(place + 1), ...order.slice(0, place).reverse()];
  const item = near.map((one) => document.getElementById(one)).find(Boolean);
  if (item) ($(box ? "input" : "a", item) || $("a", item)).focus({ preventScroll: item.id === id });
  else $("#main").focus();
}

function changed(event) {
  const page = $("#case");
  if (Number(event.data) === Number(page.dataset.version)) return;
  $("#changed").hidden = false;
  say($("#changed span").textContent);
}

function listen() {
  const place = $("[data-stream]");
  if (!place || !window.EventSource) return;
  const source = new EventSource(place.dataset.stream);
  let timer = 0;
  source.addEventListener("inbox", () => { clearTimeout(timer); timer = setTimeout(refresh, 150); });
  source.addEventListener("case", changed);
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) setTimeout(ended, 2000); });
  source.addEventListener("end", () => { source.close(); location.reload(); }); // signed out: to the sign-in page
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

async function ended() { // the stream was refused, not only cut: signed out, or the gate is not well
  const answer = await fetch("/inbox/list", { headers: { accept: "text/html" }, redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") { listen(); return; }
  if ($("#live")) location.reload(); // a list that is no longer live must not look so
  else say("You are signed out.");
}

function selected() {
  const form = $("#batch");
  if (form) form.classList.toggle("ready", $$("input[name=id]:checked").length > 0);
}

// -- keys -----------------------------------------------------------------------------------

const keys = new Map(); // letter -> what it does: one letter each, "-" for none; see keyboard.py
const names = ["down", "up", "approve", "deny", "edit", "select", "search", "help", "back"];
const letters = document.body.dataset.keys.length === names.length ? document.body.dataset.keys : "jkarex/?u";
names.forEach((name, at) => { if (letters[at] !== "-") keys.set(letters[at], name); });

function step(by) {
  const links = $$(".item .what a, [data-step]");
  const at = links.indexOf(document.activeElement.closest?.(".item") ? $(".what a", document.activeElement.closest(".item")) : document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

function go(where) {
  const held = document.activeElement.closest?.(".item");
  if (held) { location.href = `/a/${held.id}${where === "edit" ? "/edit" : "#go-" + where}`; return; }
  if (where === "edit") { $("#edit")?.click(); return; }
  // Approving always takes a second step: this only brings the person there.
  const field = { approve: $("#typed") || $("#approve-button"), deny: $("#reason"), back: $("#back-button") }[where];
  if (field) { field.focus(); field.scrollIntoView({ block: "center" }); }
}

const acts = {
  down: () => step(1),
  up: () => step(-1),
  approve: () => go("approve"),
  deny: () => go("deny"),
  edit: () => go("edit"),
  back: () => { if (!document.activeElement.closest?.(".item")) go("back"); },
  select: () => { const box = $("input[name=id]", document.activeElement.closest?.(".item") || document.createElement("p")); if (box) { box.click(); } },
  search: () => $("input[type=search]")?.focus(),
  help: () => $("#keys").showModal(),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && !["down", "up"].includes(keys.get(event.key))) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
  const what = keys.get(event.key);
  if (what && acts[what]) { event.preventDefault(); acts[what](); }
}

// -- what was looked at -------------------------------------------------------------------------

const opened = new Set();

function unfolded(event) {
  const name = event.target.dataset?.opens;
  if (name && event.target.open) opened.add(name);
  for (const field of $$("input[name=expanded]")) field.value = [...opened].slice(0, 50).join(" ").slice(0, 2000);
}

function sending(event) {
  const button = $("button[aria-disabled=true]", event.target);
  if (button) { event.preventDefault(); say($("#wait").textContent); }
}

for (const cell of $$("[data-key]")) {
  const letter = [...keys].find(([, what]) => what === cell.dataset.key)?.[0];
  cell.append(letter ? Object.assign(document.createElement("kbd"), { textContent: letter }) : "off");
}
// No id of the page: on its way to one, the browser would take the focus away again.
if (/^#go-(approve|deny)$/.test(location.hash)) go(location.hash.slice(4));
addEventListener("keydown", pressed);
addEventListener("toggle", unfolded, true);
addEventListener("submit", sending, true);
addEventListener("change", selected);
selected();
tick();
setInterval(tick, 1000);
listen();
