// How terms are shown: IRIs in short, with the label they have here, leading to the page they have here.

import { element } from "./dom.js";
import { isNumber } from "./results.js";

const OURS = "https://w3id.org/mesoonto/";
const MOST = 400;

let stems = [];

export function usePrefixes(prefixes) {
  stems = Object.entries(prefixes).sort((a, b) => b[1].length - a[1].length);
}

export function short(iri) {
  const found = stems.find(([, stem]) => iri.startsWith(stem));
  return found ? `${found[0]}:${iri.slice(found[1].length)}` : iri;
}

// The text of a term as a reader sees it.
export function words(term) {
  return !term ? "" : term.type === "uri" ? short(term.value) : term.value;
}

// Where a link leads: to a page of this server where there is one.
export function address(iri, known = false) {
  if (iri.startsWith(OURS)) return "/" + iri.slice(OURS.length);
  if (known) return "/document?iri=" + encodeURIComponent(iri);
  return /^https?:/.test(iri) ? iri : "";
}

export function cell(term) {
  const td = element("td");
  if (!term) return td;
  if (term.type === "uri") {
    const href = address(term.value);
    td.append(href ? element("a", short(term.value), { href, rel: "noreferrer", "data-iri": term.value }) : short(term.value));
  } else {
    td.textContent = term.value;
    if (isNumber(term)) td.className = "number";
  }
  return td;
}

// The labels that this server has for the IRIs of a result.
export async function labels(found, signal) {
  const iris = new Set();
  for (const row of found.rows || []) {
    for (const term of Object.values(row)) if (term && term.type === "uri") iris.add(term.value);
    if (iris.size >= MOST) break;
  }
  if (!iris.size) return new Map();
  const response = await fetch("/ask/labels", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify([...iris].slice(0, MOST)), signal,
  });
  return new Map(response.ok ? Object.entries(await response.json()) : []);
}

// Puts labels beside the short IRIs in `host`, but where the row says the same already.
export function name(host, known) {
  host.querySelectorAll("a[data-iri]:not([data-named])").forEach((link) => {
    const label = known.get(link.dataset.iri);
    if (label === undefined) return;
    link.dataset.named = "";
    link.href = address(link.dataset.iri, true);
    const said = [...link.closest("tr").cells].some((td) => td.textContent === label);
    if (!said) link.after(element("span", label, { className: "soft" }));
  });
}
