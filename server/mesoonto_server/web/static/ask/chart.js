// A result as a chart: bars, points, or points with intervals where the columns have lower and upper ends.

import { bundle } from "../bundles.js";
import { choice, element } from "./dom.js";
import { isNumber } from "./results.js";
import { words } from "./terms.js";

const MOST = 60;

export function numbers(found) {
  return found.names.filter((name) => found.rows.some((row) => isNumber(row[name])) &&
    found.rows.every((row) => !row[name] || isNumber(row[name])));
}

function like(names, pattern) {
  return names.find((name) => pattern.test(name));
}

// The fewest of the columns, from the first on, that tell the rows apart; all where none do.
export function telling(found, names) {
  for (let count = 1; count <= Math.min(names.length, 3); count += 1) {
    const taken = names.slice(0, count);
    if (new Set(found.rows.map((row) => taken.map((name) => words(row[name])).join("\u0000"))).size === found.rows.length) return taken;
  }
  return names.slice(0, 2);
}

export function fits(found) {
  return Boolean(found.rows?.length) && found.names.length > 1 && numbers(found).length > 0;
}

export async function chart(found, known, host, signal) {
  const charts = await bundle("charts");
  if (signal.aborted) return;
  const measured = numbers(found);
  const named = found.names.filter((name) => !measured.includes(name));
  const ends = { low: like(measured, /lower|low$/i), high: like(measured, /upper|high$/i) };
  const together = telling(found, named.filter((name) => !/analysis|source|report|definition|note/i.test(name)));
  const ROW = together.map((name) => name.replaceAll("_", " ")).join(" and "); // what tells the rows apart
  const shown = {
    value: like(measured, /hazard|value|estimate|median|rate|percent_alive/i) || measured.find((n) => n !== ends.low && n !== ends.high) || measured[0],
    by: together.length > 1 ? ROW : named[0] || measured.at(-1),
    colour: "none",
    kind: ends.low && ends.high ? "intervals" : "bars",
  };
  const place = element("div", "", { className: "wide", tabIndex: 0, role: "region", "aria-label": "Chart" });
  const kinds = ["bars", "points", ...(ends.low && ends.high ? ["intervals"] : [])];
  const tools = element("p", "", { className: "choices" },
    choice("Show", kinds, shown.kind, (kind) => draw({ kind })),
    choice("of", measured, shown.value, (value) => draw({ value })),
    choice("by", [...(together.length > 1 ? [ROW] : []), ...found.names], shown.by, (by) => draw({ by })),
    choice("coloured by", ["none", ...named], shown.colour, (colour) => draw({ colour })));
  const note = element("p", "", { className: "soft" });
  host.replaceChildren(tools, place, note);

  function rows() {
    const times = new Map();
    return found.rows.filter((row) => isNumber(row[shown.value])).slice(0, MOST).map((row) => {
      const said = (name) => known.get(row[name]?.value) || words(row[name]);
      const text = (shown.by === ROW ? together.map(said).filter(Boolean).join(", ") : said(shown.by)) || "not stated";
      const count = (times.get(text) || 0) + 1;
      times.set(text, count);
      return {
        name: text.length > 60 ? `${text.slice(0, 59)}…` : text, place: `${text}\u0000${count}`,
        value: Number(row[shown.value].value), low: number(row[ends.low]), high: number(row[ends.high]),
        colour: shown.colour === "none" ? null : words(row[shown.colour]) || "not stated",
        title: found.names.map((key) => `${key.replaceAll("_", " ")}: ${known.get(row[key]?.value) || words(row[key])}`).join("\n"),
      };
    });
  }

  function draw(change = {}) {
    Object.assign(shown, change);
    const data = rows();
    const names = new Map(data.map((row) => [row.place, row.name]));
    const fill = shown.colour === "none" ? "var(--accent)" : "colour";
    const ratio = /hazard|ratio/i.test(shown.value);
    const common = { y: "place", sort: null };
    const marks = {
      bars: () => [charts.barX(data, { ...common, x: "value", fill, title: "title" }), charts.ruleX([0])],
      points: () => [charts.dot(data, { ...common, x: "value", fill, r: 4.5, title: "title" })],
      intervals: () => [charts.ruleY(data, { ...common, x1: "low", x2: "high", stroke: fill, strokeWidth: 2 }),
        charts.dot(data, { ...common, x: "value", fill, r: 4.5, title: "title" })],
    }[shown.kind]();
    if (ratio) marks.unshift(charts.ruleX([1], { stroke: "var(--soft)", strokeDasharray: "4 3" }));
    const width = Math.min(place.clientWidth || 900, 1100);
    const narrow = width < 640; // then names stand above what they name
    if (narrow) marks.push(charts.text(data, { ...common, text: "name", frameAnchor: "left", dy: -15 }));
    const left = narrow ? 4 : Math.min(Math.max(...data.map((row) => row.name.length)) * 6.6 + 16, width * 0.45);
    place.replaceChildren(charts.plot({
      width, marginLeft: left, marginTop: 30, height: data.length * (narrow ? 44 : 24) + 70, insetLeft: 6, insetRight: 6, marks,
      x: { label: shown.value.replaceAll("_", " "), axis: "top", grid: true, ...(ratio && shown.kind !== "bars" ? { type: "log", ticks: narrow ? 3 : 6, tickFormat: "~g" } : {}) },
      y: { label: null, domain: data.map((row) => row.place), tickFormat: (value) => names.get(value), tickSize: 0, ...(narrow ? { axis: null } : {}) },
      color: { legend: shown.colour !== "none", scheme: "Tableau10" },
      ariaLabel: `${shown.value} by ${shown.by}`.replaceAll("_", " "),
    }));
    const left_out = found.rows.length - data.length;
    note.textContent = left_out ? `The first ${data.length} rows with a number are drawn; ${left_out} are not. The table has them all.` : "";
  }

  draw();
}

function number(term) {
  return term && isNumber(term) ? Number(term.value) : undefined;
}
