// Cytoscape.js with two layouts: dagre for what has a direction, fcose for what has none.
import cytoscape from "cytoscape";
// The sources: what it distributes has dagre within it, without the licence of that.
import dagre from "../node_modules/cytoscape-dagre/src/index.mjs";
import fcose from "cytoscape-fcose";

cytoscape.use(dagre);
cytoscape.use(fcose);

// Cytoscape writes one rule into a style element, which the policy of the site forbids, unless an element with this
// id is there. The rule stands in site.css.
const STYLE = "__________cytoscape_stylesheet";
if (!document.getElementById(STYLE)) {
  const taken = document.createElement("template");
  taken.id = STYLE;
  document.head.append(taken);
}

export default cytoscape;
