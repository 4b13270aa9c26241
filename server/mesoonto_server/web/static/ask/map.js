// A result on a map of the world: countries by the rows that name them, points where rows have coordinates.

import { bundle } from "../bundles.js";
import { choice, element } from "./dom.js";
import { isNumber } from "./results.js";
import { words } from "./terms.js";

const LEAST = 0.6; // the share of a column's values that must be places
const NAMED = /countr|jurisd|place|region|nation|territor|(^|_)in$/i; // columns whose codes are those of countries
const POINT = /^\s*POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)\s*$/i;
const UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");

// Names of the outlines where they are not those of Unicode.
const OUTLINES = {
  "Bosnia & Herzegovina": "Bosnia and Herz.", "Central African Republic": "Central African Rep.", "Congo - Brazzaville": "Congo",
  "Congo - Kinshasa": "Dem. Rep. Congo", "Côte d’Ivoire": "Côte d'Ivoire", "Dominican Republic": "Dominican Rep.",
  "Equatorial Guinea": "Eq. Guinea", "Myanmar (Burma)": "Myanmar", "North Macedonia": "Macedonia", "Palestinian Territories": "Palestine",
  "Solomon Islands": "Solomon Is.", "South Sudan": "S. Sudan", "Türkiye": "Turkey", "United States": "United States of America",
};

let names = null; // by code and by name in lower case, made when it is first asked for

function places() {
  if (names) return names;
  names = new Map();
  const spoken = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  letters.forEach((a) => letters.forEach((b) => {
    const name = spoken.of(a + b);
    if (!name || a + b === "EU" || a + b === "ZZ") return;
    const outline = OUTLINES[name] || name;
    [a + b, name.toLowerCase(), outline.toLowerCase()].forEach((key) => names.set(key, [outline]));
  }));
  names.set("EU", UNION.flatMap((code) => names.get(code)));
  names.set("european union", names.get("EU"));
  return names;
}

// The countries that a value of a column names: `GB-ENG` is within the United Kingdom.
export function named(value, column) {
  const code = /^([A-Z]{2})(?:-[A-Z0-9]{1,3})?$/.exec(value);
  if (code) return NAMED.test(column) ? places().get(code[1]) : undefined;
  return places().get(value.toLowerCase());
}

function columns(found) {
  return found.names.filter((name) => {
    const values = found.rows.map((row) => row[name]).filter((term) => term?.type === "literal").map((term) => term.value);
    return values.length && values.filter((value) => named(value, name)).length >= LEAST * values.length;
  });
}

function points(found) {
  const column = found.names.find((name) => found.rows.some((row) => POINT.test(row[name]?.value || "")));
  if (column) {
    return found.rows.flatMap((row) => {
      const parts = POINT.exec(row[column]?.value || "");
      return parts ? [{ row, lon: Number(parts[1]), lat: Number(parts[2]) }] : [];
    });
  }
  const lat = found.names.find((name) => /^lat(itude)?$/i.test(name));
  const lon = found.names.find((name) => /^(lon|lng|long|longitude)$/i.test(name));
  if (!lat || !lon) return [];
  return found.rows.filter((row) => isNumber(row[lat]) && isNumber(row[lon]))
    .map((row) => ({ row, lon: Number(row[lon].value), lat: Number(row[lat].value) }));
}

export function fits(found) {
  return found.kind === "rows" && found.rows.length > 0 && (columns(found).length > 0 || points(found).length > 0);
}

export async function map(found, known, host, signal) {
  const [charts, world] = await Promise.all([bundle("charts"), bundle("world")]);
  if (signal.aborted) return;
  const choices = columns(found);
  const dots = points(found);
  const place = element("div");
  const note = element("p", "", { className: "soft" });
  const tools = element("p", "", { className: "choices" });
  if (choices.length > 1) tools.append(choice("Countries of", choices, choices[0], draw));
  host.replaceChildren(...(choices.length > 1 ? [tools] : []), place, note);
  const said = (row) => found.names.map((key) => words(row[key])).filter(Boolean).join(", ");

  function draw(column) {
    const rows = new Map();
    const missing = new Map();
    const outlines = new Set(world.countries.map((country) => country.properties.name));
    for (const row of column ? found.rows : []) {
      const value = row[column]?.value;
      if (!value) continue;
      const countries = (named(value, column) || []).filter((country) => outlines.has(country));
      if (!countries.length) missing.set(value, (missing.get(value) || 0) + 1);
      countries.forEach((country) => rows.set(country, [...(rows.get(country) || []), row]));
    }
    const count = (country) => rows.get(country.properties.name)?.length || 0;
    const title = (country) => {
      const mine = rows.get(country.properties.name) || [];
      return [`${country.properties.name}: ${mine.length} ${mine.length === 1 ? "row" : "rows"}`, ...mine.slice(0, 5).map(said)].join("\n");
    };
    place.replaceChildren(charts.plot({
      projection: { type: "equal-earth", domain: { type: "MultiPoint", coordinates: [[-170, -55], [170, 78], [0, 83]] } }, width: Math.min(place.clientWidth || 900, 1000),
      opacity: { range: [0.45, 1], domain: [1, Math.max(2, ...[...rows.values()].map((list) => list.length))] },
      marks: [
        charts.geo(world.countries.filter((country) => !count(country)), { fill: "var(--line)", stroke: "var(--paper)", strokeWidth: 0.5 }),
        charts.geo(world.countries.filter(count), { fill: "var(--accent)", fillOpacity: count, stroke: "var(--paper)", strokeWidth: 0.5, title }),
        charts.dot(dots, { x: "lon", y: "lat", r: 4, fill: "var(--bad)", stroke: "var(--paper)", title: (point) => said(point.row) }),
      ],
      ariaLabel: "Map of the world",
    }));
    const listed = [...rows].sort((a, b) => b[1].length - a[1].length).slice(0, 12).map(([country, list]) => `${country} ${list.length}`);
    const off = [...missing].map(([value, times]) => `${value} ${times}`);
    note.textContent = [dots.length ? `${dots.length} points. ` : "", listed.length ? `Rows: ${listed.join(", ")}${rows.size > 12 ? " and more" : ""}. ` : "",
      off.length ? `Not on the map: ${off.join(", ")}.` : ""].join("");
  }

  draw(choices[0]);
}
