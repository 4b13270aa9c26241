// Sends a dropped or chosen file and shows the findings by cause. Without this script the form works all the same.
"use strict";

const form = document.getElementById("upload");
const input = document.getElementById("file");
const drop = document.getElementById("drop");
const report = document.getElementById("report");
const DOUBTS = 5;

// How many of *number* to list, where *most* are the usual; none are left out when the form asks for all.
function listed(number, most) {
  const asked = form.elements.limit.value;
  return asked === "0" ? number : most || Number(asked) || 20;
}

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

function showGroup([findings, omitted]) {
  const first = findings[0];
  const number = findings.length + omitted;
  const shownOf = Math.min(listed(number), findings.length);
  const section = element("section");
  const title = element("h2");
  title.append(element("span", first.severity, first.severity), `: ${first.message}`);
  const times = number > 1 ? `, ${number} times` : "";
  const about = `${first.shape_label || shown(first.shape)}${times}${first.expected ? `; expected ${first.expected}` : ""}`;
  const list = element("ol");
  list.append(...findings.slice(0, shownOf).map(showFinding));
  section.append(title, element("p", about, "about"), list);
  if (number > shownOf) section.append(element("p", `... and ${number - shownOf} more`));
  return section;
}

function show(found) {
  prefixes = Object.entries(found.prefixes).sort((a, b) => b[1].length - a[1].length);
  // The findings of each cause, and how many more there are than were sent.
  const groups = new Map();
  const cause = (finding) => JSON.stringify([finding.shape, finding.component, finding.message]);
  for (const finding of found.findings) {
    if (!groups.has(cause(finding))) groups.set(cause(finding), [[], 0]);
    groups.get(cause(finding))[0].push(finding);
  }
  for (const left of found.omitted) if (groups.has(cause(left))) groups.get(cause(left))[1] += left.number;
  const severity = ([findings]) => findings[0].severity;
  const size = ([findings, omitted]) => findings.length + omitted;
  report.replaceChildren(
    element("p", found.summary, found.failed ? "Violation" : "good"),
    ...doubts(found.doubts),
    ...[...groups.values()].sort((a, b) => severity(a) === severity(b) ? size(b) - size(a)
      : severity(a) === "Violation" ? -1 : 1).map(showGroup));
}

// The doubts of each kind, the first of them; those that fail no strict run are notes.
function doubts(found) {
  const kinds = new Map();
  for (const doubt of found) kinds.set(doubt.kind, [...(kinds.get(doubt.kind) || []), doubt]);
  return [...kinds.values()].flatMap((group) => {
    const word = group[0].grave ? "doubt" : "note";
    const most = listed(group.length, DOUBTS);
    const told = group.slice(0, most).map((doubt) => element("p", `${word}: ${doubt.subject}: ${doubt.message}`, "Warning"));
    if (group.length > most) told.push(element("p", `... and ${group.length - most} more: ${group[0].kind}`));
    return told;
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
