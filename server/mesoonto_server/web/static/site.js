// Suggestions below the search box while somebody types; without this the form works all the same.
"use strict";

const find = document.getElementById("find");
const list = document.getElementById("suggestions");
let asked = null;

function hide() {
  list.hidden = true;
  list.replaceChildren();
  find.removeAttribute("aria-activedescendant");
  find.setAttribute("aria-expanded", "false");
}

function draw(hits) {
  list.replaceChildren(...hits.map((hit, index) => {
    const item = document.createElement("li");
    item.id = `suggestion-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.address = hit.address;
    const kind = document.createElement("span");
    kind.className = "mark";
    kind.textContent = hit.kind;
    item.append(kind, " " + hit.label);
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      location.href = hit.address;
    });
    return item;
  }));
  list.hidden = hits.length === 0;
  find.setAttribute("aria-expanded", String(hits.length > 0));
}

async function suggest() {
  stop();
  const text = find.value.trim();
  if (text.length < 2) return hide();
  const mine = new AbortController();
  asked = mine;
  try {
    const response = await fetch("/search/suggest?q=" + encodeURIComponent(text), { signal: mine.signal });
    const hits = response.ok ? await response.json() : [];
    if (asked === mine) draw(hits);
  } catch {
    if (asked === mine) hide();
  }
}

// Who has begun to choose chooses from what is shown; a later answer does not take the list away.
function stop() {
  if (asked) asked.abort();
  asked = null;
}

function step(by) {
  stop();
  const items = [...list.children];
  const now = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  items.forEach((item) => item.setAttribute("aria-selected", "false"));
  const next = items[(now + by + items.length) % items.length];
  next.setAttribute("aria-selected", "true");
  find.setAttribute("aria-activedescendant", next.id);
}

find.setAttribute("role", "combobox");
find.setAttribute("aria-controls", "suggestions");
find.setAttribute("aria-autocomplete", "list");
find.setAttribute("aria-expanded", "false");
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Suggestions");
find.addEventListener("input", suggest);
find.addEventListener("blur", hide);
find.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  if (list.hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  }
  const chosen = list.querySelector('[aria-selected="true"]');
  if (event.key === "Enter" && chosen) {
    event.preventDefault();
    location.href = chosen.dataset.address;
  }
});
