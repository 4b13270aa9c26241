// A result as a table: sorted by a click on a heading, narrowed by words, more rows on demand.

import { element } from "./dom.js";
import { isNumber } from "./results.js";
import { cell, name, words } from "./terms.js";

const STEP = 200;

export function table(found, known) {
  let sorted = null;
  let down = false;
  let wanted = [];
  let most = STEP;
  const caption = element("caption");
  const body = element("tbody");
  const more = element("button", "", { type: "button", hidden: true });
  const numbers = found.names.filter((title) => found.rows.every((row) => !row[title] || isNumber(row[title])));
  const headings = found.names.map((title) => {
    const button = element("button", title.replaceAll("_", " "), { type: "button", className: "sort" });
    const th = element("th", "", { scope: "col", className: numbers.includes(title) ? "number" : "" }, button);
    button.addEventListener("click", () => {
      down = sorted === title && !down;
      sorted = title;
      headings.forEach((heading) => heading.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      draw();
    });
    return th;
  });

  function rows() {
    const kept = found.rows.filter((row) => {
      const text = found.names.map((key) => `${words(row[key])} ${known.get(row[key]?.value) || ""}`).join(" ").toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    return sorted === null ? kept : kept.toSorted((a, b) => (down ? -1 : 1) * compare(a[sorted], b[sorted]));
  }

  function draw() {
    const kept = rows();
    const all = found.rows.length;
    const count = kept.length === all ? `${all}` : `${kept.length} of ${all}`;
    caption.textContent = `${count} ${all === 1 ? "row" : "rows"}`;
    body.replaceChildren(...kept.slice(0, most).map((row) => element("tr", "", {}, ...found.names.map((key) => cell(row[key])))));
    more.hidden = kept.length <= most;
    more.textContent = `Show ${Math.min(STEP * 5, kept.length - most)} more`;
    name(body, known);
  }

  const filter = element("input", "", { type: "search", autocomplete: "off" });
  filter.addEventListener("input", () => {
    wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    most = STEP;
    draw();
  });
  more.addEventListener("click", () => {
    most += STEP * 5;
    draw();
  });
  draw();
  const drawn = element("table", "", {}, caption, element("thead", "", {}, element("tr", "", {}, ...headings)), body);
  const wide = element("div", "", { className: "wide", tabIndex: 0, role: "region", "aria-label": "Rows; scrolls sideways" }, drawn);
  const tools = element("p", "", { className: "choices" }, element("label", "Only rows with ", { className: "choice" }, filter));
  return { nodes: found.rows.length > 5 ? [tools, wide, more] : [wide], named: () => draw() };
}

function compare(a, b) {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  if (isNumber(a) && isNumber(b)) return Number(a.value) - Number(b.value);
  return words(a).localeCompare(words(b), "en", { numeric: true });
}
