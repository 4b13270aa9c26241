// A result as a graph: triples as they are; rows as lines from one column to another.

import { bundle } from "../bundles.js";
import { choice, element } from "./dom.js";
import { address, short, words } from "./terms.js";

const MOST = 250;

// Columns that can be ends of lines: those with IRIs, else those with words.
function ends(found) {
  if (found.kind === "triples") return ["subject", "value"];
  const sample = found.rows.slice(0, 50);
  const linked = found.names.filter((name) => sample.some((row) => row[name]?.type === "uri"));
  const texts = found.names.filter((name) => !linked.includes(name) &&
    sample.some((row) => row[name]?.type === "literal" && !/^[\d.,-]+$/.test(row[name].value) && row[name].value.length < 60));
  return linked.length > 1 ? [...linked, ...texts] : [...texts, ...linked];
}

export function fits(found) {
  return (found.kind === "rows" || found.kind === "triples") && found.rows.length > 0 && ends(found).length > 1;
}

export function elements(found, known, from, to) {
  const nodes = new Map();
  const edges = new Map();
  const node = (term, column) => {
    const id = `${term.type}:${term.value}`;
    if (!nodes.has(id)) {
      const label = known.get(term.value) || words(term);
      nodes.set(id, { data: { id, label: label.length > 40 ? `${label.slice(0, 39)}…` : label, iri: term.type === "uri" ? term.value : "", column } });
    }
    return id;
  };
  for (const row of found.rows) {
    if (!row[from] || !row[to] || from === to) continue;
    if (found.kind === "triples" && row.value.type === "literal") continue;
    if (nodes.size >= MOST) break;
    const source = node(row[from], from);
    const target = node(row[to], to);
    const label = found.kind === "triples" ? known.get(row.property.value) || short(row.property.value).replace(/^\w+:/, "") : "";
    edges.set(`${source} ${target} ${label}`, { data: { source, target, label } });
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

export async function graph(found, known, host, signal) {
  const { default: cytoscape } = await bundle("graph");
  if (signal.aborted) return;
  const columns = ends(found);
  const shown = { from: columns[0], to: columns[1] };
  const place = element("div", "", { className: "canvas", role: "img" });
  const note = element("p", "", { className: "soft" });
  const save = element("button", "Save as PNG", { type: "button" });
  const fit = element("button", "Show all", { type: "button" });
  const tools = element("p", "", { className: "choices" });
  if (found.kind === "rows") {
    tools.append(choice("From", columns, shown.from, (from) => draw({ from })), choice("to", columns, shown.to, (to) => draw({ to })));
  }
  tools.append(fit, save);
  host.replaceChildren(tools, place, note);
  let drawn = null;
  const scheme = matchMedia("(prefers-color-scheme: dark)");

  function draw(change = {}) {
    Object.assign(shown, change);
    if (drawn) drawn.destroy();
    const parts = elements(found, known, shown.from, shown.to);
    const colours = getComputedStyle(document.documentElement);
    const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
    drawn = cytoscape({
      container: place, elements: parts, minZoom: 0.1, maxZoom: 3,
      layout: { name: "fcose", animate: false, quality: "proof", nodeSeparation: 100, idealEdgeLength: 90, nodeDimensionsIncludeLabels: true, packComponents: true, randomize: true },
      style: [
        { selector: "node", style: { label: "data(label)", "font-size": 13, color: colour("ink"), "background-color": colour("accent"),
          width: 16, height: 16, "text-wrap": "wrap", "text-max-width": 130, "text-valign": "bottom", "text-margin-y": 4,
          "min-zoomed-font-size": 6, "text-outline-width": 2, "text-outline-color": colour("paper") } },
        { selector: `node[column = "${shown.to}"]`, style: { "background-color": colour("warn"), shape: "round-rectangle" } },
        { selector: "edge", style: { width: 1.5, "line-color": colour("line"), "target-arrow-color": colour("soft"), "target-arrow-shape": "triangle",
          "curve-style": "bezier", label: "data(label)", "font-size": 9, color: colour("soft"), "text-rotation": "autorotate", "min-zoomed-font-size": 8 } },
        { selector: ".far", style: { opacity: 0.15 } },
      ],
    });
    drawn.on("tap", "node", (event) => {
      const iri = event.target.data("iri");
      const href = iri && address(iri, known.has(iri));
      if (href) location.href = href;
    });
    drawn.on("mouseover", "node", (event) => drawn.elements().not(event.target.closedNeighborhood()).addClass("far"));
    drawn.on("mouseout", "node", () => drawn.elements().removeClass("far"));
    const text = `${parts.nodes.length} nodes, ${parts.edges.length} lines`;
    place.setAttribute("aria-label", `Graph: ${text}; the table has the same`);
    note.textContent = `${text}${parts.nodes.length >= MOST ? "; more than that are not drawn" : ""}. A click on a node leads to its page.`;
    place.cytoscape = drawn; // for tests and curious people
  }

  fit.addEventListener("click", () => drawn.fit(undefined, 20));
  save.addEventListener("click", () => {
    const background = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
    element("a", "", { href: drawn.png({ full: true, scale: 2, bg: background }), download: "mesoonto-graph.png" }).click();
  });
  scheme.addEventListener("change", () => draw(), { signal });
  signal.addEventListener("abort", () => drawn.destroy());
  draw();
}
