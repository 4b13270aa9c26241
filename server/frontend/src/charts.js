// Observable Plot. A chart is made in a document that is never shown and then taken over: its style element, which the
// policy of the site forbids, is left behind; its rules stand in site.css, for the class "chart".
import * as Plot from "@observablehq/plot";

export * from "@observablehq/plot";

export function plot(options) {
  const workshop = document.implementation.createHTMLDocument("");
  Object.defineProperty(workshop, "defaultView", { value: window }); // Plot takes the kinds of its events from there
  const drawn = Plot.plot({ ...options, className: "chart", document: workshop });
  drawn.querySelectorAll("style").forEach((style) => style.remove());
  return document.adoptNode(drawn);
}
