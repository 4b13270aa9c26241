// The page to ask on. What is shown always belongs to what was asked last: an earlier query is aborted and its answer
// dropped, and the same holds for labels and drawings, which come later than the answer.

import { bundle } from "../bundles.js";
import { chart, fits as fitsChart } from "./chart.js";
import * as code from "./code.js";
import { element } from "./dom.js";
import { fits as fitsGraph, graph } from "./graph.js";
import { fits as fitsMap, map } from "./map.js";
import { plan } from "./plan.js";
import { ask, unmatched } from "./results.js";
import { table } from "./table.js";
import { labels, name, usePrefixes } from "./terms.js";

const form = document.getElementById("editor");
const area = document.getElementById("query");
const result = document.getElementById("result");
const inVain = document.getElementById("unmatched");
const status = document.getElementById("status");
const tabs = document.getElementById("views");
const cancel = document.getElementById("cancel");
const permalink = document.getElementById("permalink");
const questions = document.querySelectorAll(".questions a");
const filter = document.getElementById("filter");
const settings = JSON.parse(document.getElementById("settings").textContent);
usePrefixes(settings.prefixes);

// Addresses longer than this are not made into links; the query is posted.
const LONGEST = 6000;

let editor = null; // where the bundle is there
let running = null; // the query that runs
let drawing = null; // the view that is being drawn
let answered = null; // {query, found, known}
let view = "table";

function text() {
  return editor ? editor.text : area.value;
}

function write(query) {
  area.value = query;
  if (editor) editor.text = query;
}

// Views.

const VIEWS = {
  table: { title: "Table", fits: (found) => Boolean(found.rows), draw: drawTable },
  chart: { title: "Chart", fits: fitsChart, draw: chart, bundle: "charts" },
  graph: { title: "Graph", fits: fitsGraph, draw: graph, bundle: "graph" },
  map: { title: "Map", fits: fitsMap, draw: map, bundle: "world" },
};

function drawTable(found, known, host) {
  const { nodes, named } = table(found, known);
  host.replaceChildren(...nodes);
  answered.named = named;
}

function offered(found) {
  return Object.keys(VIEWS).filter((key) => VIEWS[key].fits(found) &&
    (!VIEWS[key].bundle || document.getElementById(`bundle-${VIEWS[key].bundle}`)));
}

function drawTabs(found) {
  const keys = offered(found);
  if (!keys.includes(view)) view = "table";
  tabs.hidden = keys.length < 2;
  tabs.replaceChildren(...keys.map((key) => {
    const tab = element("button", VIEWS[key].title, { type: "button", id: `view-${key}`, role: "tab", "aria-selected": String(key === view),
      "aria-controls": "result", tabIndex: key === view ? 0 : -1 });
    tab.addEventListener("click", () => choose(key));
    return tab;
  }));
}

tabs.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...tabs.children];
  const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
  next.focus();
  next.click();
});

function choose(key) {
  view = key;
  for (const tab of tabs.children) {
    const mine = tab.id === `view-${key}`;
    tab.setAttribute("aria-selected", String(mine));
    tab.tabIndex = mine ? 0 : -1;
  }
  show();
}

async function show() {
  if (drawing) drawing.abort();
  const mine = new AbortController();
  drawing = mine;
  const { found, known } = answered;
  const host = element("div");
  if (found.federation) result.replaceChildren(plan(found.federation), host);
  else result.replaceChildren(host);
  if (found.kind === "boolean") host.append(element("p", found.value ? "Yes" : "No", { className: "lead" }));
  else if (found.kind === "text") host.append(element("pre", found.text, { tabIndex: 0 }));
  else {
    if (found.cut) host.before(element("p", `The result was cut at ${found.cut.rows || found.cut} rows.`, { className: "gap" }));
    try {
      await VIEWS[view].draw(found, known, host, mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) host.replaceChildren(element("p", `This cannot be drawn: ${error.message}`, { className: "error" }));
    }
  }
}

// Asking.

function state(busy, words) {
  cancel.disabled = !busy;
  result.toggleAttribute("aria-busy", busy);
  if (busy) result.setAttribute("aria-busy", "true");
  status.textContent = words;
}

function link(query) {
  return `/ask?query=${encodeURIComponent(query)}&dataset=${encodeURIComponent(settings.dataset)}`;
}

async function run(query, opening = false) {
  running?.abort();
  drawing?.abort();
  const mine = new AbortController();
  running = mine;
  answered = null;
  tabs.hidden = true;
  editor?.clear();
  result.replaceChildren();
  inVain.replaceChildren();
  state(true, "Asking …");
  changed(query);
  if (!opening) {
    history.replaceState(null, "", link(query));
    document.getElementById("made-with")?.remove();
  }
  let found;
  try {
    found = await ask(settings.endpoint, query, mine.signal);
  } catch (error) {
    if (running !== mine) return;
    running = null;
    failed(error);
    return;
  }
  if (running !== mine) return;
  running = null;
  answered = { query, found, known: new Map() };
  state(false, said(found));
  drawTabs(found);
  drawDownloads(query, found);
  await show();
  nameThings(answered);
  tellUnmatched(answered);
}

function said(found) {
  const time = found.milliseconds < 1000 ? `${Math.round(found.milliseconds)} ms` : `${(found.milliseconds / 1000).toFixed(1)} s`;
  if (!found.rows) return `Answered in ${time}.`;
  const what = found.kind === "triples" ? "triple" : "row";
  return `${found.rows.length.toLocaleString("en")} ${what}${found.rows.length === 1 ? "" : "s"} in ${time}.`;
}

function failed(error) {
  state(false, "");
  if (error.name === "AbortError") {
    result.replaceChildren(element("p", "Cancelled.", { className: "error" }));
    return;
  }
  const known = "line" in error;
  const words = known ? error.message : `The endpoint cannot be reached: ${error.message}`;
  const shown = element("div", "", { className: "error" }, element("p", words));
  if (known && error.excerpt) shown.append(element("pre", error.excerpt, { tabIndex: 0 }));
  result.replaceChildren(shown);
  if (!known || !error.line) return;
  if (editor) editor.mark(error.line, error.column || 1, error.detail || error.message);
  else {
    const before = area.value.split("\n").slice(0, error.line - 1).join("\n").length;
    area.focus();
    area.setSelectionRange(before + (error.line > 1), before + 1 + area.value.split("\n")[error.line - 1].length);
  }
}

async function nameThings(mine) {
  try {
    const known = await labels(mine.found, AbortSignal.timeout(10000));
    if (answered !== mine || !known.size) return;
    mine.known = known;
    if (view === "table") name(result, known);
    else show();
  } catch {
    // Without labels the short IRIs stand.
  }
}

async function tellUnmatched(mine) {
  try {
    const found = await unmatched(mine.query, AbortSignal.timeout(10000));
    if (answered !== mine) return;
    inVain.replaceChildren(...found.map((one) => element("p", "", { className: "notice" },
      element("code", one.written), ` in line ${one.line}: ${one.message}.`)));
  } catch {
    // The answer stands without them.
  }
}

// What goes with the query: link, files, programs.

function drawDownloads(query, found) {
  const formats = found.rows && found.kind !== "triples" || found.kind === "boolean" ? settings.formats.table : settings.formats.graph;
  const links = formats.map(([ending, title]) => {
    const address = `${settings.endpoint}.${ending}?query=${encodeURIComponent(query)}`;
    const save = element("a", title, { href: address, download: `mesoonto.${ending}` });
    if (address.length > LONGEST) save.addEventListener("click", (event) => post(event, query, ending));
    return save;
  });
  document.getElementById("downloads").replaceChildren(...links.flatMap((save) => [save, " "]));
  document.getElementById("save").hidden = false;
}

async function post(event, query, ending) {
  event.preventDefault();
  const response = await fetch(`${settings.endpoint}.${ending}`, { method: "POST", headers: { "Content-Type": "application/sparql-query" }, body: query });
  const address = URL.createObjectURL(await response.blob());
  element("a", "", { href: address, download: `mesoonto.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function changed(query) {
  area.value = query;
  permalink.href = link(query);
  const table = !/^\s*(?:(?:PREFIX|BASE)\b.*|#.*|\s*)*(?:CONSTRUCT|DESCRIBE)\b/im.test(query);
  const here = settings.address;
  document.querySelector('[data-code="curl"]').textContent = code.curl(here, query, table ? "text/csv" : "text/turtle");
  document.querySelector('[data-code="python"]').textContent = code.python(here, query, table);
  document.querySelector('[data-code="r"]').textContent = code.r(here, query, table);
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(`[data-code="${button.dataset.copy}"]`).textContent);
    status.textContent = "Copied.";
  });
});

// Questions.

questions.forEach((question) => question.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const query = new URL(question.href).searchParams.get("query");
  write(query);
  form.scrollIntoView();
  run(query);
}));

filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  questions.forEach((question) => {
    const said = `${question.textContent} ${question.dataset.words}`.toLowerCase();
    question.parentElement.hidden = !words.every((word) => said.includes(word));
  });
  let shown = 0;
  document.querySelectorAll(".group").forEach((group) => {
    const count = group.querySelectorAll("li:not([hidden])").length;
    group.hidden = count === 0;
    shown += count;
  });
  document.getElementById("shown").textContent = words.length ? `${shown} of ${questions.length}` : "";
});

// The form.

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(text());
});
area.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(text());
});
area.addEventListener("input", () => changed(area.value));
cancel.addEventListener("click", () => running?.abort());

async function complete(word, role, signal) {
  const response = await fetch(`/ask/complete?text=${encodeURIComponent(word)}&role=${role}`, { signal });
  return response.ok ? response.json() : [];
}

async function start() {
  changed(area.value);
  if (settings.asked) run(area.value, true);
  const found = await bundle("editor");
  if (!found) return;
  const host = element("div", "", { id: "sparql" });
  area.before(host);
  editor = found.createEditor({ host, doc: area.value, label: area.labels[0].textContent, prefixes: settings.prefixes, complete,
    onChange: changed, onRun: () => run(text()) });
  area.hidden = true;
  area.labels[0].addEventListener("click", () => editor.focus());
}

start();
