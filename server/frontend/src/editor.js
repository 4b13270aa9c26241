// A SPARQL editor on CodeMirror 6. It lives in a shadow root, where CodeMirror puts its rules into constructed style
// sheets: the policy of the site forbids style elements. Tab leaves it, as keyboard users need.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { sparql } from "codemirror-lang-sparql";

const KEYWORDS = ("SELECT CONSTRUCT DESCRIBE ASK WHERE PREFIX BASE DISTINCT REDUCED FROM NAMED GRAPH SERVICE SILENT OPTIONAL " +
  "UNION MINUS FILTER EXISTS BIND VALUES AS GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET COUNT SUM MIN MAX AVG SAMPLE " +
  "GROUP_CONCAT SEPARATOR BOUND COALESCE IF IN NOT STR LANG LANGMATCHES DATATYPE IRI CONTAINS STRSTARTS STRENDS STRBEFORE " +
  "STRAFTER STRLEN SUBSTR REPLACE REGEX LCASE UCASE CONCAT ROUND FLOOR CEIL ABS YEAR MONTH DAY NOW ISIRI ISLITERAL ISNUMERIC").split(" ");

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.integer, tags.float], color: "var(--warn)" },
  { tag: [tags.variableName, tags.name], color: "var(--ink)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.namespace, tags.url, tags.typeName, tags.className], color: "var(--bad)" },
]);

const LOOK = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--tint)", border: "1px solid var(--soft)", borderRadius: ".4rem",
    fontSize: ".88rem", maxHeight: "19rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.5", minHeight: "9rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--soft)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 8%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent) !important" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)" },
  ".cm-tooltip, .cm-panels": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: ".2rem .5rem", display: "flex", gap: ".6rem", alignItems: "baseline" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--paper)", backgroundColor: "var(--accent)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected] .cm-completionDetail": { color: "var(--paper)" },
  ".cm-completionLabel": { whiteSpace: "nowrap", overflow: "hidden", textOverflow: "ellipsis", maxWidth: "22rem", flex: "0 1 auto" },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal", marginLeft: "auto", flex: "0 100 auto", minWidth: "4rem",
    overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap", borderLeftColor: "var(--bad)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-wrong": { backgroundColor: "color-mix(in srgb, var(--bad) 15%, transparent)" },
});

// What a term at `place` can be: a class behind `a`, a property as second word of a pattern, else anything.
export function role(text, place) {
  const before = text.slice(0, place).replace(/[^\s<>{}();,.|/^!]*$/, "");
  if (/(?:^|\s)(?:a|rdf:type)\s+$/.test(before)) return "class";
  if (/[|/^!(]$/.test(before.trimEnd()) && !/\bFILTER|\bBIND|\bVALUES/i.test(before.split("\n").at(-1))) return "property";
  const words = before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|<[^>\s]*>/g, "w").split(/\s\.(?=\s|$)|[{}]|\.\s/).at(-1);
  const part = words.trimStart();
  if (/;\s*$/.test(part)) return "property";
  return /^\S+\s+$/.test(part) && !/^(?:SELECT|WHERE|FILTER|PREFIX|OPTIONAL|GRAPH|BIND|VALUES|ORDER|GROUP|LIMIT)\b/i.test(part)
    ? "property" : "any";
}

function prefixLine(view, prefix, iri) {
  const text = view.state.doc.toString();
  if (new RegExp(`^\\s*PREFIX\\s+${prefix}:`, "im").test(text)) return [];
  return [{ from: 0, insert: `PREFIX ${prefix}: <${iri}>\n` }];
}

// Inserts a term, and declares its prefix, so that the query runs elsewhere too.
function inserting(term, prefixes) {
  return (view, _, from, to) => {
    const prefix = term.text.startsWith("<") ? "" : term.text.split(":")[0];
    const declared = prefix in prefixes ? prefixLine(view, prefix, prefixes[prefix]) : [];
    const grown = declared.reduce((sum, change) => sum + change.insert.length, 0);
    view.dispatch({
      changes: [...declared, { from, to, insert: term.text }],
      selection: { anchor: from + term.text.length + grown },
      userEvent: "input.complete",
    });
  };
}

function sources({ prefixes, complete }) {
  const declared = (context) => {
    const found = context.matchBefore(/PREFIX\s+\w*/i);
    if (!found) return null;
    const options = Object.entries(prefixes).map(([prefix, iri]) => (
      { label: `${prefix}:`, detail: iri, apply: `${prefix}: <${iri}>\n`, type: "namespace" }));
    return { from: found.from + found.text.match(/^PREFIX\s+/i)[0].length, options };
  };
  const variables = (context) => {
    const found = context.matchBefore(/[?$]\w*/);
    if (!found) return null;
    const names = new Set(context.state.doc.toString().match(/[?$]\w+/g));
    names.delete(found.text);
    return { from: found.from, options: [...names].map((label) => ({ label, type: "variable" })), validFor: /^[?$]\w*$/ };
  };
  const terms = async (context) => {
    const found = context.matchBefore(/[\w:-]+/);
    const place = syntaxTree(context.state).resolveInner(context.pos, -1).name;
    if (!found || (found.text.length < 2 && !context.explicit) || /String|Comment|Iriref/i.test(place)) return null;
    if (/[?$"'<@]/.test(context.state.sliceDoc(found.from - 1, found.from)) || context.matchBefore(/PREFIX\s+\w*/i)) return null;
    const stop = new AbortController();
    context.addEventListener("abort", () => stop.abort());
    const terms = await complete(found.text, role(context.state.doc.toString(), found.from), stop.signal).catch(() => []);
    const words = KEYWORDS.filter((word) => word.startsWith(found.text.toUpperCase()))
      .map((word) => ({ label: word, type: "keyword" }));
    const options = terms.map((term) => ({
      label: term.label, displayLabel: term.label, detail: `${term.text} · ${term.kind}`, apply: inserting(term, prefixes),
    }));
    return { from: found.from, options: [...words, ...options], filter: false };
  };
  return [declared, variables, terms];
}

// Text typed over a selection. Left to it, Chromium gives what it puts there a style attribute, which the policy forbids.
function replacing(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || event.data === null || empty || view.composing) return false;
  event.preventDefault();
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  const handled = view.state.facet(EditorView.inputHandler).some((handler) => handler(view, from, to, event.data, insert));
  if (!handled) view.dispatch(insert());
  return true;
}

// An editor in `host`, which becomes the host of a shadow root. `complete` finds terms on the server.
export function createEditor({ host, doc, label, prefixes, complete, onChange, onRun }) {
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc,
      extensions: [
        lineNumbers(), history(), drawSelection(), highlightSpecialChars(), highlightActiveLine(), bracketMatching(),
        closeBrackets(), highlightSelectionMatches(), search({ top: true }), sparql(), syntaxHighlighting(COLOURS), LOOK,
        EditorView.lineWrapping, EditorView.domEventHandlers({ beforeinput: replacing }),
        autocompletion({ override: sources({ prefixes, complete }), icons: false, activateOnTypingDelay: 60 }),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => { if (update.docChanged) onChange(update.state.doc.toString()); }),
        keymap.of([
          { key: "Mod-Enter", run: () => { onRun(); return true; } },
          ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
      ],
    }),
  });
  return {
    get text() { return view.state.doc.toString(); },
    set text(text) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, scrollIntoView: true }); },
    // Marks the word at a place, both counted from 1, with what is wrong there.
    mark(line, column, message) {
      const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
      const start = Math.min(at.from + [...at.text].slice(0, column - 1).join("").length, at.to);
      const after = /^\S+/.exec(view.state.sliceDoc(start, at.to));
      const before = /\S+\s*$/.exec(view.state.sliceDoc(at.from, start));
      const from = after || !before ? start : start - before[0].length;
      const to = after ? start + after[0].length : at.to;
      view.dispatch(setDiagnostics(view.state, [{ from, to, severity: "error", message }]));
      view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
    },
    clear() { view.dispatch(setDiagnostics(view.state, [])); },
    focus() { view.focus(); },
  };
}
