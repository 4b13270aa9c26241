// Sends a dropped or chosen file and shows the findings by cause. Without this script the form works all the same.
"use strict";

const form = document.getElementById("upload");
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const report = document.getElementById("report");
const LISTED = 20;
const DOUBTS = 5;

let prefixes = [];

// An IRI with the prefix of the longest stem that fits, as in the file; anything else as it is.
function shown(text) {
  const fitting = prefixes.find(([, stem]) => text.startsWith(stem));
  return fitting ? `${fitting[0]}:${text.slice(fitting[1].length)}` : text;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function showFinding(finding) {
  const item = element("li");
  const place = finding.line ? `line ${finding.line}, column ${finding.column}: ` : "";
  const value = finding.value ? ` found: ${shown(finding.value)}` : "";
  item.append(element("p", `${place}${shown(finding.record)} ${shown(finding.path)}${value}`));
  if (finding.source) {
    const line = element("pre", `${finding.line} | ${finding.source.slice(0, finding.column - 1)}`);
    line.append(element("mark", finding.source.slice(finding.column - 1)));
    item.append(line);
  }
  for (const reason of finding.because || []) item.append(element("p", `because ${reason}`));
  if (finding.suggestion) item.append(element("p", finding.suggestion, "good"));
  return item;
}

function showGroup(findings) {
  const first = findings[0];
  const section = element("section");
  const title = element("h2");
  title.append(element("span", first.severity, first.severity), `: ${first.message}`);
  const times = findings.length > 1 ? `, ${findings.length} times` : "";
  const about = `${first.shape_label || shown(first.shape)}${times}${first.expected ? `; expected ${first.expected}` : ""}`;
  const list = element("ol");
  list.append(...findings.slice(0, LISTED).map(showFinding));
  section.append(title, element("p", about, "about"), list);
  if (findings.length > LISTED) section.append(element("p", `... and ${findings.length - LISTED} more`));
  return section;
}

function show(found) {
  prefixes = Object.entries(found.prefixes).sort((a, b) => b[1].length - a[1].length);
  const groups = new Map();
  for (const finding of found.findings) {
    const cause = JSON.stringify([finding.shape, finding.component, finding.message]);
    groups.set(cause, [...(groups.get(cause) || []), finding]);
  }
  report.replaceChildren(
    element("p", found.summary, found.failed ? "Violation" : "good"),
    ...doubts(found.doubts),
    ...[...groups.values()].sort((a, b) => a[0].severity === b[0].severity ? b.length - a.length
      : a[0].severity === "Violation" ? -1 : 1).map(showGroup));
}

// The doubts of each kind, the first of them; those that fail no strict run are notes.
function doubts(found) {
  const kinds = new Map();
  for (const doubt of found) kinds.set(doubt.kind, [...(kinds.get(doubt.kind) || []), doubt]);
  return [...kinds.values()].flatMap((group) => {
    const word = group[0].grave ? "doubt" : "note";
    const listed = group.slice(0, DOUBTS).map((doubt) => element("p", `${word}: ${doubt.subject}: ${doubt.message}`, "Warning"));
    if (group.length > DOUBTS) listed.push(element("p", `... and ${group.length - DOUBTS} more: ${group[0].kind}`));
    return listed;
  });
}

// The check that runs, or null. What is shown belongs to the file that was sent last.
let running = null;

async function send(file) {
  if (running) running.abort();
  const mine = new AbortController();
  running = mine;
  report.setAttribute("aria-busy", "true");
  const cancel = element("button", "Cancel");
  cancel.type = "button";
  cancel.addEventListener("click", () => mine.abort());
  report.replaceChildren(element("p", `Checking ${file.name} ...`), cancel);
  const body = new FormData(form);
  body.set("file", file);
  let draw;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: mine.signal });
    const found = await answer.json();
    draw = () => answer.ok ? show(found) : report.replaceChildren(element("p", found.title, "Violation"));
  } catch (error) {
    const words = mine.signal.aborted ? "Cancelled." : `No answer: ${error.message}`;
    draw = () => report.replaceChildren(element("p", words, "Violation"));
  }
  if (running !== mine) return;
  running = null;
  report.removeAttribute("aria-busy");
  draw();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (input.files.length) send(input.files[0]);
});
input.addEventListener("change", () => { if (input.files.length) send(input.files[0]); });
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
});
