// Makes elements. All text goes in as text, never as HTML.

export function element(name, text = "", attributes = {}, ...children) {
  const node = document.createElement(name);
  node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

// A choice with its label; `choose` is told the value.
export function choice(label, values, chosen, choose) {
  const select = element("select");
  values.forEach((value) => select.append(element("option", value.replaceAll("_", " "), { value, selected: value === chosen })));
  select.addEventListener("change", () => choose(select.value));
  return element("label", `${label} `, { className: "choice" }, select);
}
