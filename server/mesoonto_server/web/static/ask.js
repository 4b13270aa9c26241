// Runs a query on the endpoint and shows the result as a table. All text goes in as text, never as HTML.
// What is shown always belongs to what was asked last: an earlier query is aborted, and its answer is dropped.
"use strict";

const form = document.getElementById("editor");
const editor = document.getElementById("query");
const result = document.getElementById("result");
const cancel = document.getElementById("cancel");
const permalink = document.getElementById("permalink");
const questions = document.querySelectorAll(".questions a");
const filter = document.getElementById("filter");

const PREFIXES = {
  "https://w3id.org/mesoonto/data/": "mesod:",
  "https://w3id.org/mesoonto/": "meso:",
  "https://pubmed.ncbi.nlm.nih.gov/": "PMID:",
  "http://purl.obolibrary.org/obo/": "obo:",
  "http://purl.uniprot.org/uniprot/": "uniprot:",
};
const OURS = "https://w3id.org/mesoonto/";
const NUMBERS = /^http:\/\/www\.w3\.org\/2001\/XMLSchema#(decimal|integer|double|float|nonNegativeInteger)$/;

// The query that runs, or null.
let running = null;

function element(name, text, attributes = {}) {
  const node = document.createElement(name);
  node.textContent = text;
  Object.assign(node, attributes);
  return node;
}

function cell(term) {
  const td = element("td", "");
  if (!term) return td;
  if (term.type === "uri") {
    const stem = Object.keys(PREFIXES).find((prefix) => term.value.startsWith(prefix));
    const text = stem ? PREFIXES[stem] + term.value.slice(stem.length) : term.value;
    const here = term.value.startsWith(OURS) ? "/" + term.value.slice(OURS.length) : term.value;
    const safe = here.startsWith("/") || /^https?:/.test(here);
    td.append(safe ? element("a", text, { href: here, rel: "noreferrer" }) : text);
  } else {
    td.textContent = term.value;
    if (NUMBERS.test(term.datatype || "")) td.className = "number";
  }
  return td;
}

function table(json, cut) {
  if ("boolean" in json) return [element("p", json.boolean ? "Yes" : "No")];
  const names = json.head.vars;
  const rows = json.results.bindings;
  const drawn = document.createElement("table");
  drawn.append(element("caption", `${rows.length} ${rows.length === 1 ? "row" : "rows"}`));
  const head = drawn.createTHead().insertRow();
  names.forEach((name) => head.append(element("th", name.replaceAll("_", " "), { scope: "col" })));
  const body = drawn.createTBody();
  rows.forEach((row) => body.insertRow().append(...names.map((name) => cell(row[name]))));
  const wide = element("div", "", { className: "wide", tabIndex: 0 });
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", "Table, scrolls sideways");
  wide.append(drawn);
  return cut ? [element("p", `The result was cut at ${cut} rows.`, { className: "gap" }), wide] : [wide];
}

// What was asked of other endpoints, beside the result of a query with SERVICE.
function plan(federation) {
  const details = element("details", "", { open: true, className: "plan" });
  details.append(element("summary", `Other endpoints, ${Math.round(federation.milliseconds)} ms`));
  federation.services.forEach((service) => {
    const sent = service.requests.filter((request) => request.source !== "cache");
    const bytes = sent.reduce((sum, request) => sum + request.bytes, 0);
    const ms = Math.round(sent.reduce((sum, request) => sum + request.milliseconds, 0));
    const cached = service.requests.length - sent.length;
    details.append(element("p", `${service.endpoint}: ${service.strategy}; ${sent.length} requests, ` +
      `${service.rows} rows, ${bytes} bytes, ${ms} ms` + (cached ? `, ${cached} from the cache` : "") +
      (service.problem ? `; ${service.problem}` : "")));
    service.requests.slice(0, 3).forEach((request) => details.append(element("pre", request.query)));
  });
  return details;
}

async function answer(query, signal) {
  const federated = /\bservice\b/i.test(query);
  const response = await fetch(form.action + (federated ? "?explain=true" : ""), {
    method: "POST",
    headers: {
      "Content-Type": "application/sparql-query",
      Accept: "application/sparql-results+json, text/turtle;q=0.9, text/plain;q=0.1",
    },
    body: query,
    signal,
  });
  const type = response.headers.get("Content-Type") || "";
  if (!response.ok) return [element("p", await response.text(), { className: "error" })];
  if (!type.includes("json")) return [element("pre", await response.text(), { tabIndex: 0 })];
  const found = await response.json();
  const inner = found.federation ? found.results : found;
  const cut = response.headers.get("mesoonto-row-limit");
  const shown = typeof inner === "string" ? [element("pre", inner, { tabIndex: 0 })] : table(inner, cut);
  return found.federation ? [plan(found.federation), ...shown] : shown;
}

async function run(query) {
  if (running) running.abort();
  const mine = new AbortController();
  running = mine;
  cancel.disabled = false;
  result.setAttribute("aria-busy", "true");
  result.replaceChildren(element("p", "Asking …", { className: "soft" }));
  const address = "/ask?query=" + encodeURIComponent(query);
  permalink.href = address;
  history.replaceState(null, "", address);
  let shown;
  try {
    shown = await answer(query, mine.signal);
  } catch (error) {
    const text = error.name === "AbortError" ? "Cancelled." : `The endpoint cannot be reached: ${error.message}`;
    shown = [element("p", text, { className: "error" })];
  }
  if (running !== mine) return;
  running = null;
  cancel.disabled = true;
  result.replaceChildren(...shown);
  result.removeAttribute("aria-busy");
  result.scrollIntoView({ block: "nearest" });
}

questions.forEach((question) => question.addEventListener("click", (event) => {
  event.preventDefault();
  editor.value = new URL(question.href).searchParams.get("query");
  run(editor.value);
}));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(editor.value);
});

cancel.addEventListener("click", () => running && running.abort());

filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  questions.forEach((question) => {
    const text = question.textContent.toLowerCase() + " " + question.dataset.words;
    question.parentElement.hidden = !words.every((word) => text.includes(word));
  });
});

if (new URLSearchParams(location.search).get("query")) run(editor.value);
