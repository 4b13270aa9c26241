// Runs a query on the endpoint and shows the result as a table. All text goes in as text, never as HTML.
"use strict";

const form = document.getElementById("editor");
const editor = document.getElementById("query");
const result = document.getElementById("result");
const buttons = document.querySelectorAll(".questions button");

const PREFIXES = {
  "https://w3id.org/mesoonto/data/": "mesod:",
  "https://w3id.org/mesoonto/": "meso:",
  "https://pubmed.ncbi.nlm.nih.gov/": "PMID:",
  "http://purl.obolibrary.org/obo/": "obo:",
  "http://purl.uniprot.org/uniprot/": "uniprot:",
};
const NUMBERS = /^http:\/\/www\.w3\.org\/2001\/XMLSchema#(decimal|integer|double|float|nonNegativeInteger)$/;

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
    const safe = /^https?:/.test(term.value);
    td.append(safe ? element("a", text, { href: term.value, rel: "noreferrer" }) : text);
  } else {
    td.textContent = term.value;
    if (NUMBERS.test(term.datatype || "")) td.className = "number";
  }
  return td;
}

function showTable(json) {
  if ("boolean" in json) {
    result.replaceChildren(element("p", json.boolean ? "Yes" : "No"));
    return;
  }
  const names = json.head.vars;
  const rows = json.results.bindings;
  const table = document.createElement("table");
  table.append(element("caption", `${rows.length} ${rows.length === 1 ? "row" : "rows"}`));
  const head = table.createTHead().insertRow();
  names.forEach((name) => head.append(element("th", name.replaceAll("_", " "), { scope: "col" })));
  const body = table.createTBody();
  rows.forEach((row) => body.insertRow().append(...names.map((name) => cell(row[name]))));
  result.replaceChildren(table);
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

async function run(query) {
  result.setAttribute("aria-busy", "true");
  const federated = /\bservice\b/i.test(query);
  try {
    const response = await fetch(form.action + (federated ? "?explain=true" : ""), {
      method: "POST",
      headers: {
        "Content-Type": "application/sparql-query",
        Accept: "application/sparql-results+json, text/turtle;q=0.9, text/plain;q=0.1",
      },
      body: query,
    });
    const type = response.headers.get("Content-Type") || "";
    if (!response.ok) result.replaceChildren(element("p", await response.text(), { className: "error" }));
    else if (type.includes("json")) {
      const found = await response.json();
      const answer = found.federation ? found.results : found;
      if (typeof answer === "string") result.replaceChildren(element("pre", answer));
      else showTable(answer);
      if (found.federation) result.prepend(plan(found.federation));
    }
    else result.replaceChildren(element("pre", await response.text()));
  } catch (error) {
    result.replaceChildren(element("p", `The endpoint cannot be reached: ${error.message}`, { className: "error" }));
  } finally {
    result.removeAttribute("aria-busy");
    result.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
}

buttons.forEach((button) => button.addEventListener("click", () => {
  buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  editor.value = button.dataset.query;
  run(editor.value);
}));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(editor.value);
});

if (buttons.length) editor.value = buttons[0].dataset.query;
