"""Slips that people make often when they write SPARQL, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

from mesoonto.sparql.grammar import FUNCTIONS
from mesoonto.sparql.parser import NotSparqlError
from mesoonto.sparql.tree import Node

#: Where something is wrong, and what.
Found = tuple[int, str]

_AGGREGATES = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"))
_FUNCTION_KINDS = frozenset(
    (*FUNCTIONS, "BNODE", "BOUND", "CONCAT", "COALESCE", "SUBSTR", "REGEX", "REPLACE")
)
_TERMS = frozenset(
    [
        "VAR",
        "IRIREF",
        "PNAME_LN",
        "PNAME_NS",
        "STRING",
        "INTEGER",
        "DECIMAL",
        "DOUBLE",
        "BLANK_NODE_LABEL",
        "ANON",
        "[",
        "WORD",
    ]
)
_TRIPLES = (
    "TriplesSameSubjectPath",
    "TriplesSameSubject",
    "BlankNodePropertyListPath",
    "BlankNodePropertyList",
)
_MODIFIERS = frozenset(("ORDER", "GROUP", "HAVING", "LIMIT", "OFFSET"))
_FORMS = "SELECT, ASK, CONSTRUCT or DESCRIBE"
_UPDATES = frozenset(["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"])

#: Words of other languages, and what SPARQL has in their place.
_FOREIGN = {
    "AND": "'AND' is written && in SPARQL",
    "OR": "'OR' is written || in SPARQL",
    "LIKE": 'SPARQL has no LIKE; use CONTAINS(STR(?x), "text") or REGEX(STR(?x), "pattern")',
    "BETWEEN": "SPARQL has no BETWEEN; write ?x >= 1 && ?x <= 9",
    "IS": "SPARQL has no IS; whether a variable is unbound is !BOUND(?x)",
    "NULL": "SPARQL has no NULL; whether a variable is unbound is !BOUND(?x), and VALUES has UNDEF",
    "JOIN": "SPARQL has no JOIN; patterns in one group are joined by the variables that they share",
    "INNER": "SPARQL has no JOIN; patterns in one group are joined by the variables that they share",
    "LEFT": "SPARQL has no LEFT JOIN; write OPTIONAL { ... }",
    "TOP": "SPARQL has no TOP; write LIMIT at the end of the query",
    "MATCH": "this is Cypher; a SPARQL query reads SELECT ?x WHERE { ?x a meso:Study }",
    "RETURN": "this is Cypher; in SPARQL the variables stand behind SELECT at the start",
    "CASE": "SPARQL has no CASE; write IF(condition, value, other value)",
    "UPDATE": "SPARQL has no UPDATE; write DELETE { ... } INSERT { ... } WHERE { ... }",
    "TABLE": "SPARQL has no tables; data are triples in graphs",
}

#: Functions of other languages.
_FUNCTIONS = {
    "LENGTH": "STRLEN",
    "LEN": "STRLEN",
    "LOWER": "LCASE",
    "UPPER": "UCASE",
    "SUBSTRING": "SUBSTR",
    "IFNULL": "COALESCE",
    "ISNULL": "!BOUND",
    "NVL": "COALESCE",
    "STRING": "STR",
    "TODAY": "NOW",
}

_QUOTES = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb\u2033\u2032"
_LOOKALIKES = {
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2260": "!=",
    "\u2264": "<=",
    "\u2265": ">=",
    "\uff1f": "?",
}


def known(error: NotSparqlError, text: str) -> Found | None:
    """The slip behind *error* of the parser, when it is one of the frequent ones."""
    case = _Case(error, text)
    return next((found for rule in _RULES if (found := rule(case)) is not None), None)


class _Case:
    """An error, in terms of which slips are told."""

    def __init__(self, error: NotSparqlError, text: str) -> None:
        self.text = text
        self.kind = error.token.kind
        self.at = error.token.start
        self.word = text[self.at : error.token.end]
        self.expected = error.expected
        self.before = error.before.kind if error.before else ""
        self.before_at = error.before.start if error.before else 0
        self.before_end = error.before.end if error.before else 0
        self.before_word = text[self.before_at : self.before_end]
        self.inside = [node.kind for node in error.inside]
        self.open = error.inside

    @property
    def where(self) -> str:
        """The production in which it stands."""
        return self.inside[0] if self.inside else ""

    def only(self, *kinds: str) -> bool:
        """Whether only *kinds* are expected."""
        return self.expected <= frozenset(kinds)

    def here(self, message: str) -> Found:
        """*message* about the token."""
        return self.at, message


def _characters(case: _Case) -> Found | None:
    """What is no token at all."""
    if case.kind != "no token":
        return None
    character = case.word
    if character in _QUOTES:
        return case.here(f"{character} is a typographic quote; strings stand in \" or '")
    if character in _LOOKALIKES:
        return case.here(f"'{character}' is not known; write {_LOOKALIKES[character]}")
    if character in "\"'":
        line = re.split(r"[\r\n]", case.text[case.at :], maxsplit=1)[0]
        if "\\" in line and re.match(r"(['\"])(?:[^\\]|\\.)*?\1", line):
            return case.here(
                "the string that begins here has a backslash that is no escape; write \\\\ for a backslash"
            )
        return case.here(f"the string that begins here is not closed by {character} on its line")
    if character == "&":
        if re.match(r"&(?:lt|gt|amp|quot|#\d+);", case.text[case.at :]):
            return case.here("the text holds HTML entities such as &lt;; write the characters themselves")
        return case.here("'&' is written && in SPARQL")
    if character == "\\":
        return case.here("a backslash stands in strings, in IRIs and in local names only")
    if character == "`":
        return case.here("backticks quote nothing in SPARQL; strings stand in \" or '")
    if character == "$":
        return case.here("a variable needs a name directly behind $")
    return case.here(f"'{character}' means nothing here")


def _start(case: _Case) -> Found | None:
    """Texts of another kind altogether."""
    if case.inside[-2:-1] not in ([], ["Prologue"]):
        return None
    if case.kind in _UPDATES and "SELECT" in case.expected:
        return case.here(f"'{case.word}' begins an update; a query begins with {_FORMS}")
    if case.kind in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") and "INSERT" in case.expected:
        return case.here(f"'{case.word}' begins a query; an update begins with INSERT, DELETE or the like")
    if case.word.lower() == "@prefix" or case.word.lower() == "@base":
        return case.here(
            f"'{case.word}' is Turtle; in SPARQL it is {case.word[1:].upper()}, without @ and full stop"
        )
    if case.kind == "." and case.before == "IRIREF":
        return case.here("no full stop stands after PREFIX or BASE")
    if "SELECT" not in case.expected:
        return None
    if case.kind == "the end":
        return case.here(f"the text ends before the query begins; it begins with {_FORMS}")
    if case.kind != "WORD" or case.word.upper() in _FOREIGN:
        return None
    near = get_close_matches(case.word.upper(), sorted(k for k in case.expected if k.isalpha()), 1, 0.7)
    if near:
        return case.here(f"'{case.word}' is not known; {near[0]} may be meant")
    return case.here(f"'{case.word}' begins no query; a query begins with {_FORMS}")


def _prologue(case: _Case) -> Found | None:
    if case.before == "PREFIX" and case.only("PNAME_NS"):
        if case.kind == "PNAME_LN":
            return case.here(
                "a prefix ends in a colon, and its IRI stands in angle brackets: PREFIX ex: <http://...>"
            )
        return case.here("a prefix needs a colon: PREFIX ex: <http://...>")
    if case.where in ("PrefixDecl", "BaseDecl") and case.only("IRIREF"):
        return case.here("the IRI of a prefix stands in angle brackets: <http://...>")
    if case.kind in ("PREFIX", "BASE"):
        return case.here(f"{case.kind} stands before {_FORMS}")
    return None


def _signs(case: _Case) -> Found | None:
    pair = case.before_word + case.word if case.before_end == case.at else ""
    known = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<=", "===": "=", "!==": "!="}
    for wrong, right in known.items():
        if pair == wrong:
            return case.before_at, f"'{wrong}' is written {right} in SPARQL"
    if case.text.startswith("=<", case.before_at) and case.before == "=":
        return case.before_at, "'=<' is written <= in SPARQL"
    if case.kind == "^" and case.before == "STRING":
        return case.here("the datatype of a literal stands behind ^^")
    if case.kind == "|" and "||" in case.expected:
        return case.here("'|' is written || in an expression")
    if case.kind in ("/", "WORD", "PNAME_LN") and re.search(
        r"https?:/{0,2}$", case.text[max(0, case.at - 8) : case.at]
    ):
        start = case.text.rindex("http", 0, case.at)
        return start, "an IRI stands in angle brackets: <http://...>"
    if case.kind == "<" and "IRIREF" in case.expected:
        return case.here("the IRI that begins here is not closed by >, or holds a space or a quote")
    if case.kind == "?" and "VAR" in case.expected:
        return case.here("a variable needs a name directly behind ?")
    quotes = case.before_word if case.before == "STRING" and case.before_end == case.at else ""
    if quotes in ("''", '""') and case.word.startswith(quotes[0]):
        return case.before_at, "the long string that begins here is not closed by three quotes"
    return None


def _foreign(case: _Case) -> Found | None:
    """Words of SQL, Cypher and others."""
    if case.kind in ("WORD", "a"):
        message = _FOREIGN.get(case.word.upper())
        if message and (case.word.upper() != "IS" or "&&" in case.expected):
            return case.here(message)
    if case.before == "WORD":
        return None
    if case.before == "INSERT" and case.kind == "INTO":
        return case.here("SPARQL has no INSERT INTO; write INSERT DATA { GRAPH <...> { ... } }")
    if case.before == "DELETE" and case.kind == "FROM":
        return case.here("SPARQL has no DELETE FROM; write DELETE WHERE { ... }")
    if case.before == "NOT" and case.only("EXISTS", "IN"):
        return case.before_at, "NOT stands before EXISTS and IN only; elsewhere it is written !"
    if case.before == "CREATE" and case.kind in ("WORD", "("):
        return case.here("CREATE makes a graph: CREATE GRAPH <...>")
    if case.before in ("FROM", "NAMED") and case.kind == "WORD":
        return case.here("FROM names a graph by its IRI; most queries need no FROM")
    return None


def _select(case: _Case) -> Found | None:
    if case.where != "SelectClause":
        return None
    if case.kind == ",":
        return case.here("no comma stands in SELECT; variables are separated by spaces")
    if case.kind == "*":
        return case.here("* stands alone in SELECT, in place of variables")
    if case.kind in _AGGREGATES | _FUNCTION_KINDS and "(" in case.expected:
        return case.here(
            f"an expression in SELECT stands in parentheses with a name: ({case.word}(...) AS ?name)"
        )
    if case.kind == "AS":
        return case.here("what AS names stands in parentheses: (... AS ?name)")
    if case.kind == "WORD" and "VAR" in case.expected:
        return case.here(f"'{case.word}' is no variable; variables begin with ?, as in ?{case.word}")
    if (
        case.kind in ("FROM", "WHERE", "{")
        and "VAR" in case.expected
        and case.before in ("SELECT", "DISTINCT", "REDUCED")
    ):
        return case.here("SELECT needs variables, or * for all of them")
    return None


def _missing_as(case: _Case) -> Found | None:
    if case.before == "AS" and case.only("VAR"):
        return case.here("a variable must stand behind AS")
    if "AS" in case.expected and case.kind in (")", ","):
        holder = next((kind for kind in case.inside if kind in ("Bind", "SelectClause")), "")
        if holder == "Bind":
            return case.here("BIND needs a name: BIND(... AS ?name)")
        if holder == "SelectClause":
            return case.here("an expression in SELECT needs a name: (... AS ?name)")
    return None


def _functions(case: _Case) -> Found | None:
    if case.where == "Aggregate" and case.kind == "," and case.before != "(":
        if any(
            node.kind == "Aggregate" and node.source[node.start :][:5].upper() == "GROUP"
            for node in case.open[:1]
        ):
            return case.here('the separator of GROUP_CONCAT is written ; SEPARATOR=", "')
        return case.here("an aggregate takes one expression")
    if case.only("(") and case.before in _AGGREGATES | _FUNCTION_KINDS:
        return case.here(f"{case.before_word} needs its argument in parentheses")
    if case.only("(", "NIL") and case.before in ("IN", "CONCAT", "COALESCE"):
        return case.here(f"{case.before_word} needs its list in parentheses")
    if case.only("(") and case.before in ("ASC", "DESC"):
        return case.here(f"{case.before_word} needs parentheses: {case.before_word}({case.word})")
    if (
        case.kind == "WORD"
        and "UNARY" in case.expected
        and case.text[case.at + len(case.word) :].lstrip().startswith("(")
    ):
        upper = case.word.upper()
        names = [name for kind in FUNCTIONS.values() for name in kind.split()]
        near = _FUNCTIONS.get(upper) or next(
            iter(get_close_matches(upper, [*names, *_AGGREGATES], 1, 0.7)), None
        )
        hint = f"; {near} may be meant" if near else ""
        return case.here(f"there is no function {case.word}{hint}")
    return None


def _clauses(case: _Case) -> Found | None:
    braces = {"OPTIONAL", "MINUS", "UNION", "EXISTS", "LATERAL", "WHERE"}
    if case.only("{") and case.before in braces:
        return case.here(f"what belongs to {case.before_word} stands in braces")
    if case.where == "Filter" and case.before == "FILTER":
        return case.here("the condition of FILTER stands in parentheses: FILTER(...)")
    if case.where == "HavingClause" and case.before == "HAVING":
        return case.here("the condition of HAVING stands in parentheses: HAVING(...)")
    if case.kind == "UNION":
        return case.here("both sides of UNION stand in braces: { ... } UNION { ... }")
    if case.before in ("LIMIT", "OFFSET") and case.only("INTEGER"):
        return case.here(f"{case.before_word} needs a whole number")
    if case.kind == "," and case.before == "INTEGER" and "OFFSET" in case.expected:
        return case.here("LIMIT takes one number; the rows to skip stand in OFFSET")
    if case.before in ("ORDER", "GROUP") and case.only("BY"):
        return case.here(f"BY is missing behind {case.before_word}")
    if case.kind == "," and case.where in ("GroupClause", "OrderClause", "DataBlock"):
        return case.here("no commas stand here; write spaces")
    if case.kind in _MODIFIERS and "GroupGraphPattern" in case.inside and "}" in case.expected:
        return case.here(f"{case.word} stands behind the closing brace of WHERE")
    if case.kind in _MODIFIERS and "the end" in case.expected:
        return case.here(
            f"{case.word} stands too late; the order is GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET"
        )
    if case.kind == ";" and "the end" in case.expected:
        return case.here("no semicolon stands at the end of a query")
    if case.before == "CONSTRUCT" and case.kind in _TERMS:
        return case.here("CONSTRUCT needs its triples in braces: CONSTRUCT { ... } WHERE { ... }")
    if (
        case.where in ("WhereClause", "SelectQuery", "AskQuery", "ConstructQuery")
        and "{" in case.expected
        and case.kind in _TERMS
    ):
        return case.here("the pattern of WHERE stands in braces: WHERE { ... }")
    return None


def _triples(case: _Case) -> Found | None:
    if case.where not in (*_TRIPLES, "TriplesBlock", "TriplesTemplate", "ConstructTemplate"):
        return None
    if case.kind == "WORD" and case.before == "PNAME_NS" and case.before_end < case.at:
        return case.before_at, f"no space stands behind the colon: {case.before_word}{case.word}"
    triples = case.open[0]
    parts = triples.children
    if (
        case.where in _TRIPLES
        and not case.expected & {".", "}", "]"}
        and case.kind not in _TERMS | {"no token"}
    ):
        ends = "the text ends" if case.kind == "the end" else f"'{case.word}' comes"
        return case.here(f"{ends} before the triple is complete: subject, predicate and object")
    if case.kind == "WORD":
        return case.here(
            f"'{case.word}' is neither a variable (?{case.word}) nor a name with a prefix (meso:{case.word})"
        )
    if case.kind in _TERMS and {".", ";"} & case.expected and parts:
        return case.before_end, f"a full stop is missing before '{case.word}', where another triple begins"
    return None


def _brackets(case: _Case) -> Found | None:
    if case.kind == "}" and "the end" in case.expected:
        return case.here("a closing brace too many, or an opening one is missing before it")
    if case.kind == ")" and ")" not in case.expected and "VAR" not in case.expected:
        return case.here("a closing parenthesis too many, or an opening one is missing before it")
    if ")" in case.expected and case.kind in ("{", "}", "the end", *_MODIFIERS, "FILTER", "BIND", "OPTIONAL"):
        return case.before_end, "a closing parenthesis is missing"
    if case.kind == "the end" and "}" in case.expected:
        opened = next((n for n in case.open if case.text[n.start : n.start + 1] == "{"), None)
        line = case.text.count("\n", 0, opened.start) + 1 if opened else 0
        which = f": the one opened in line {line} is not closed" if opened else ""
        return case.here(f"a closing brace is missing{which}")
    if case.kind == "the end" and "]" in case.expected:
        return case.here("a closing square bracket is missing")
    return None


def _near(case: _Case) -> Found | None:
    """A keyword that is misspelt, and other words."""
    if case.kind != "WORD":
        return None
    keywords = sorted(
        kind for kind in case.expected if kind.isupper() and kind.isalpha() and kind not in FUNCTIONS
    )
    near = get_close_matches(case.word.upper(), keywords, 1, 0.7)
    return case.here(f"'{case.word}' is not known; {near[0]} may be meant") if near else None


def _word(case: _Case) -> Found | None:
    if case.kind == "WORD" and "VAR" in case.expected:
        return case.here(f"'{case.word}' is neither a variable (?{case.word}) nor a string (\"{case.word}\")")
    return None


_RULES: tuple[Callable[[_Case], Found | None], ...] = (
    *(_signs, _characters, _start, _prologue, _foreign, _select, _missing_as, _functions),
    *(_clauses, _near, _brackets, _triples, _word),
)


# Texts that fit the grammar and mean nothing


def wrong_use(root: Node, prefixes: Collection[str]) -> Found | None:
    """The place in a parsed text where a rule beside the grammar is broken, and which.

    *prefixes* need no declaration.
    """
    declared = set(prefixes)
    has_base = False
    for node in root.walk():
        found: Found | None = None
        match node.kind:
            case "PrefixDecl":
                declared.add(node.children[1].text[:-1])
            case "BaseDecl":
                has_base = True
            case "PNAME_LN" | "PNAME_NS" if node.parent is not None and node.parent.kind != "PrefixDecl":
                prefix = node.text.partition(":")[0]
                if prefix not in declared:
                    near = get_close_matches(prefix, sorted(declared), 1, 0.6)
                    hint = f" ({near[0]}: is)" if near and prefix else ""
                    write = f"write PREFIX {prefix}: <...> at the start"
                    found = node.start, f"prefix not declared: '{prefix}:'{hint}; {write}"
            case "IRIREF" if not has_base and not re.match(r"<[A-Za-z][A-Za-z0-9+.\-]*:", node.text):
                advice = "give the whole IRI, or a prefix"
                found = node.start, f"{node.text} is a relative IRI, and there is no BASE; {advice}"
            case "DataBlock":
                found = _values(node)
            case "Bind":
                found = _bind(node)
            case "SelectClause":
                found = _names(node)
            case "VAR" if _in_data(node):
                found = node.start, f"{node.text}: no variables stand in INSERT DATA and DELETE DATA"
            case _:
                pass
        if found is not None:
            return found
    return None


def _values(block: Node) -> Found | None:
    names: list[str] = []
    for child in block.children:
        if child.kind == "VAR":
            if child.text[1:] in names:
                return child.start, f"{child.text} stands twice in VALUES"
            names.append(child.text[1:])
    if block.children[0].kind == "VAR":
        return None
    kinds = [child.kind for child in block.children]
    cells, wanted = 0, f"{len(names)} variable{'s' if len(names) != 1 else ''}"
    for child in block.children[kinds.index("{") + 1 :]:
        if child.kind == "(":
            cells = 0
        elif child.kind == "DataBlockValue":
            cells += 1
            if cells > len(names):
                return child.start, f"{child.text} is one value too many for the {wanted} of VALUES"
        elif (child.kind == ")" and cells < len(names)) or (child.kind == "NIL" and names):
            found = f"{cells if child.kind == ')' else 0} value{'s' if cells != 1 else ''}"
            ends = f"'{child.text}' ends a row of VALUES with {found} for {wanted}"
            return child.start, f"{ends}; UNDEF stands for none"
    return None


def _bind(bind: Node) -> Found | None:
    variable = bind.children[4]
    for sibling in bind.parent.children if bind.parent else ():
        if sibling is bind:
            break
        if variable.text[1:] in _bound(sibling):
            return variable.start, f"{variable.text} is bound before; BIND needs a new variable"
    return None


def _bound(element: Node) -> set[str]:
    """The variables in scope behind *element* of a group (SPARQL 1.1 Query, section 18.2.1)."""
    names: set[str] = set()
    waiting = [element]
    while waiting:
        node = waiting.pop()
        if node.kind == "VAR":
            names.add(node.text[1:])
        elif node.kind == "Bind":
            names.add(node.children[4].text[1:])
        elif node.kind == "SubSelect":
            clause = node.children[0]
            waiting += (
                node.children[1:] if clause.has("*") else [c for c in clause.children if c.kind == "VAR"]
            )
        elif node.kind not in ("Filter", "MinusGraphPattern", "GroupClause", "HavingClause", "OrderClause"):
            waiting += node.children
    return names


def _names(clause: Node) -> Found | None:
    seen: set[str] = set()
    before = ""
    where = clause.parent.child("WhereClause") if clause.parent else None
    for child in clause.children:
        if child.kind == "VAR":
            name = child.text[1:]
            if before == "AS" and name in seen:
                return child.start, f"{child.text} stands twice in SELECT; AS needs a new variable"
            if before == "AS" and where is not None and name in _bound(where):
                return child.start, f"{child.text} is bound in WHERE; AS needs a new variable"
            seen.add(name)
        before = child.kind
    return None


def _in_data(node: Node) -> bool:
    above: Node | None = node
    while above is not None and above.kind not in ("Insert", "Delete"):
        above = above.parent
    return above is not None and above.children[1].kind == "DATA"
