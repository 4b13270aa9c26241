// Asks the endpoint and reads what it says, whatever the form of the query.

const NUMBER = /^http:\/\/www\.w3\.org\/2001\/XMLSchema#(decimal|integer|double|float|nonNegativeInteger|positiveInteger|int|long)$/;
const ACCEPT = "application/sparql-results+json, application/n-triples;q=0.9, application/problem+json;q=0.8, application/json;q=0.7";

// What a query has come to when it failed: words, the place in the query, the line it is in.
export class Refused extends Error {
  constructor(problem) {
    super(problem.title);
    Object.assign(this, { line: problem.line, column: problem.column, detail: problem.detail, excerpt: problem.excerpt });
  }
}

export function isNumber(term) {
  return Boolean(term) && term.type === "literal" && NUMBER.test(term.datatype || "") && Number.isFinite(Number(term.value));
}

// {kind: "rows" | "triples" | "boolean" | "text", names, rows, cut, federation, milliseconds}
export async function ask(endpoint, query, signal) {
  const federated = /\bservice\b/i.test(query);
  const started = performance.now();
  const response = await fetch(endpoint + (federated ? "?explain=true" : ""), {
    method: "POST", headers: { "Content-Type": "application/sparql-query", Accept: ACCEPT }, body: query, signal,
  });
  const type = response.headers.get("Content-Type") || "";
  const body = await response.text();
  if (!response.ok) throw new Refused(type.includes("json") ? JSON.parse(body) : { title: body.trim() });
  const found = type.includes("json") ? read(JSON.parse(body)) : { kind: "triples", ...triples(body) };
  const limit = response.headers.get("mesoonto-row-limit");
  return { cut: limit ? Number(limit) : 0, ...found, milliseconds: performance.now() - started };
}

function read(json) {
  const federation = json.federation;
  const results = federation ? json.results : json;
  if (typeof results === "string") return { kind: "text", text: results, federation };
  if ("boolean" in results) return { kind: "boolean", value: results.boolean, federation };
  return { kind: "rows", names: results.head.vars, rows: results.results.bindings, federation };
}

// What the query asks for and the data do not have: [{line, column, written, message, nearest, within}].
export async function unmatched(query, signal) {
  const response = await fetch("/ask/unmatched", {
    method: "POST", headers: { "Content-Type": "application/sparql-query" }, body: query, signal,
  });
  return response.ok ? response.json() : [];
}

const LINE = /^(<[^>]*>|_:\S+) (<[^>]*>) (.*) \.$/;
const LITERAL = /^"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?$/;
const ESCAPES = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

// The rows of N-Triples, as a SELECT of three variables would give them.
export function triples(text) {
  const rows = [];
  for (const line of text.split("\n")) {
    const parts = LINE.exec(line);
    if (parts) rows.push({ subject: term(parts[1]), property: term(parts[2]), value: term(parts[3]) });
  }
  return { names: ["subject", "property", "value"], rows };
}

function term(text) {
  if (text.startsWith("<") && !text.startsWith("<<")) return { type: "uri", value: plain(text.slice(1, -1)) };
  if (text.startsWith("_:")) return { type: "bnode", value: text.slice(2) };
  const parts = LITERAL.exec(text);
  if (!parts) return { type: "literal", value: text };
  return { type: "literal", value: plain(parts[1]), datatype: parts[3], "xml:lang": parts[2] };
}

function plain(text) {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, four, eight, one) => (
    one ? ESCAPES[one] || one : String.fromCodePoint(parseInt(four || eight, 16))));
}
