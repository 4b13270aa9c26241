// Observable Plot. A chart is made in a document that is never shown and then taken over: its style element, which the
// policy of the site forbids, is left behind; its rules stand in site.css, for the class "chart".
import * as Plot from "@observablehq/plot";

export * from "@observablehq/plot";

export function plot(options) {
  const workshop = document.implementation.createHTMLDocument("");
  Object.defineProperty(workshop, "defaultView", { value: window }); // Plot takes the kinds of its events from there
  const drawn = Plot.plot({ ...options, className: "chart", document: workshop });
  drawn.querySelectorAll("style").forEach((style) => style.remove());
  // Plot labels groups, which have no role that a label could belong to; the drawing as a whole is an image.
  drawn.querySelectorAll("g[aria-label]").forEach((group) => {
    group.dataset.mark = group.getAttribute("aria-label");
    group.removeAttribute("aria-label");
  });
  drawn.querySelectorAll("[aria-description]").forEach((part) => part.removeAttribute("aria-description"));
  const image = drawn.localName === "svg" ? drawn : drawn.querySelector("svg:last-of-type");
  image.setAttribute("role", "img");
  return document.adoptNode(drawn);
}
