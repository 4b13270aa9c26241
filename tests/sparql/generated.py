"""Generated queries and updates, small ones, with what a reader of text alone would take for a keyword.

The generator is written from the specification (SPARQL 1.1, section 19.8) and knows nothing of the code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

#: Stands for the address that SERVICE and LOAD ask.
ADDRESS = "http://127.0.0.1:9/"

_TOKENS = 40  #: from here on nothing is begun that could be left out
_LEVELS = 3

_NAMES = ("service", "SERVICE", "load", "from", "a", "silent", "zervice", "fromservice")
_STRINGS = (
    "'service'",
    '"LOAD <http://e/>"',
    r"'\u0022'",
    r'"\u0022 SERVICE <http://e/> { # "',
    r"'\u0027 } LOAD '",
    r'"\u0073ervice"',
    r"'\U00000073ERVICE'",
    r"'\\'",
    r"'\' # '",
    "'''a' # service\n'''",
    '"""" SERVICE\n"""',
    "'# from'",
    "'a'@service",
    '"load"^^<http://e/load>',
    "'a'^^ex:from",
)
_NUMBERS = ("1", "0.5", "1e0", "-1", "+2", "true", "false")
_IRIS = (
    "<http://e/service>",
    "<http://e/#SERVICE>",
    r"<http://e/\u0073ervice>",
    r"<http://e/\u003E>",
    "<load>",
    "<#from>",
    "ex:",
    r"ex:service\-load",
    "ex:%20service",
    "service:load",
    "load:a.service",
    "from:1",
    "meso:service",
)
_COMMENTS = ("#\n", "# SERVICE <http://e/> {\n", "# load '\n", '#"from\r', "# }\n", r"# \u000A" + "\n")
_COMPARISONS = ("=", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "-", "*", "/")
_FUNCTIONS = (
    "STR",
    "isIRI",
    "ISIRI",
    "LCASE",
    "BOUND",
    "STRLEN",
    "sameTerm",
    "COALESCE",
    "IF",
    "RAND",
    "BNODE",
)


@dataclass(frozen=True, slots=True)
class Text:
    """A query or update."""

    text: str
    tokens: tuple[str, ...]
    keywords: frozenset[str]  #: those of SERVICE, LOAD and FROM that were written as keywords
    glued: bool  #: whether words or names may have grown together, so that it says something else


@dataclass
class _Writer:
    draw: Callable[[st.SearchStrategy[Any]], Any]
    parts: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    keywords: set[str] = field(default_factory=set)
    glued: bool = False
    named: int = 0

    def one_of(self, *options: Any) -> Any:
        return options[self.draw(st.integers(0, len(options) - 1))]

    def chance(self, of: int) -> bool:
        """Once in *of* times, and never when the text is long enough."""
        return self.draw(st.integers(1, of)) == of and len(self.tokens) < _TOKENS

    def put(self, *tokens: str) -> None:
        for token in tokens:
            space = self.one_of(" ", " ", " ", " ", "\n", "\t\r\n", "", "comment")
            if space == "comment":
                space = " " + self.one_of(*_COMMENTS)
            if self.tokens and not space:
                before, after = self.tokens[-1][-1], token[0]
                self.glued |= before not in "{}();,*" and after not in "{}();,"
            self.parts += [space, token]
            self.tokens.append(token)

    def word(self, *words: str) -> None:
        """Keywords, each letter in either case."""
        for word in words:
            if word in ("SERVICE", "LOAD", "FROM"):
                self.keywords.add(word)
            case = self.draw(st.integers(0, 2 ** len(word) - 1))
            self.put("".join(a.lower() if case >> i & 1 else a for i, a in enumerate(word)))

    def variable(self) -> None:
        self.put(self.one_of("?", "?", "$") + self.one_of("s", "p", "o", *_NAMES))

    def new_variable(self) -> None:
        self.named += 1
        self.put(f"?service{self.named}")

    def iri(self) -> None:
        self.put(self.one_of(*_IRIS))

    def term(self) -> None:
        kind = self.one_of("variable", "variable", "iri", "string", "number", "blank")
        if kind == "variable":
            self.variable()
        elif kind == "iri":
            self.iri()
        elif kind == "blank":
            self.put(self.one_of("[]", "[ ]"))
        else:
            self.put(self.one_of(*(_STRINGS if kind == "string" else _NUMBERS)))

    def prologue(self) -> None:
        if self.chance(4):
            self.word("BASE")
            self.put("<http://e/from/>")
        for name in ("ex", "service", "load", "from"):
            self.word("PREFIX")
            self.put(f"{name}:", f"<{ADDRESS}>" if name == "ex" else f"<http://e/{name}#>")

    def expression(self, level: int = 0) -> None:
        kind = self.one_of("term", "term", "binary", "not", "function", "exists", "in")
        if kind == "term" or level == _LEVELS or len(self.tokens) > _TOKENS:
            self.one_of(self.variable, lambda: self.put(self.one_of(*_STRINGS, *_NUMBERS)))()
        elif kind == "binary":
            self.put("(")
            self.expression(level + 1)
            self.put(self.one_of(*_COMPARISONS))
            self.expression(level + 1)
            self.put(")")
        elif kind == "not":
            self.put(self.one_of("!", "! !", "!!", "-", "+"))
            self.variable()
        elif kind == "exists":
            if self.chance(2):
                self.word("NOT")
            self.word("EXISTS")
            self.group(level + 1)
        elif kind == "in":
            self.variable()
            self.word(*self.one_of(("IN",), ("NOT", "IN")))
            self.put("(", self.one_of(*_STRINGS), ",", "2", ")")
        else:
            name = self.one_of(*_FUNCTIONS)
            count = {"sameTerm": 2, "COALESCE": 2, "IF": 3, "RAND": 0, "BNODE": 0}.get(name, 1)
            self.word(name.upper())
            self.put("(")
            for i in range(count):
                if i:
                    self.put(",")
                (self.variable if name == "BOUND" else lambda: self.expression(level + 1))()
            self.put(")")

    def path(self) -> None:
        kind = self.one_of("variable", "variable", "a", "iri", "path")
        if kind == "variable":
            self.variable()
        elif kind == "path":
            self.put(self.one_of("^", "!", "("))
            opened = self.tokens[-1] == "("
            self.iri()
            if opened:
                self.put(self.one_of("|", "/"))
                self.iri()
                self.put(")", self.one_of("*", "?", "+"))
        else:
            self.put("a" if kind == "a" else self.one_of(*_IRIS))

    def triples(self, *, paths: bool = True) -> None:
        self.one_of(self.variable, self.variable, self.iri)()
        (self.path if paths else self.variable)()
        self.term()
        if self.chance(4):
            self.put(self.one_of(",", ";"))
            if self.tokens[-1] == ";":
                self.iri()
            self.term()
        self.put(".")

    def service(self, level: int) -> None:
        self.word("SERVICE")
        if self.chance(3):
            self.word("SILENT")
        self.put(self.one_of(f"<{ADDRESS}>", "ex:b", rf"<{ADDRESS}\u0073>", "ex:service"))
        self.group(level + 1)

    def select(self, level: int) -> None:
        self.word("SELECT")
        if self.chance(3):
            self.word(self.one_of("DISTINCT", "REDUCED"))
        kind = self.one_of("*", "variable", "expression", "count")
        if kind == "*":
            self.put("*")
        elif kind == "variable":
            self.put("?s")
        else:
            self.put("(")
            if kind == "count":
                self.word("GROUP_CONCAT")
                self.put("(", "?s", ";")
                self.word("SEPARATOR")
                self.put("=", "' service '", ")")
            else:
                self.expression(level + 1)
            self.word("AS")
            self.new_variable()
            self.put(")")

    def group(self, level: int = 0) -> None:
        self.put("{")
        if level and self.chance(8):
            self.select(level)
            self.group(level + 1)
        else:
            for _ in range(self.one_of(1, 1, 2, 3) if len(self.tokens) < _TOKENS else 0):
                self.pattern(level)
        self.put("}")

    def pattern(self, level: int) -> None:
        deep = ("OPTIONAL", "MINUS", "GRAPH", "UNION", "LATERAL", "service", "service", "service")
        flat = ("triples", "triples", "FILTER", "BIND", "VALUES")
        kind = self.one_of(*flat, *(deep if level < _LEVELS and len(self.tokens) < _TOKENS else ()))
        if kind == "triples":
            self.triples()
        elif kind == "FILTER":
            self.word("FILTER")
            self.put("(")
            self.expression(level + 1)
            self.put(")")
        elif kind == "BIND":
            self.word("BIND")
            self.put("(")
            self.expression(level + 1)
            self.word("AS")
            self.new_variable()
            self.put(")")
        elif kind == "VALUES":
            self.word("VALUES")
            self.variable()
            self.put("{", self.one_of(*_STRINGS, *_NUMBERS, *_IRIS), "}")
        elif kind == "service":
            self.service(level)
        elif kind == "UNION":
            self.group(level + 1)
            self.word("UNION")
            self.group(level + 1)
        else:
            self.word(kind)
            if kind == "GRAPH":
                self.one_of(self.variable, self.iri)()
            self.group(level + 1)

    def query(self) -> None:
        self.prologue()
        form = self.one_of("SELECT", "SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
        if form == "SELECT":
            self.select(0)
        else:
            self.word(form)
            if form == "CONSTRUCT":
                self.put("{")
                for _ in range(self.one_of(0, 1)):
                    self.triples(paths=False)
                self.put("}")
            elif form == "DESCRIBE":
                self.one_of(self.variable, self.iri, lambda: self.put("*"))()
        while self.chance(5):
            self.word("FROM", *self.one_of((), ("NAMED",)))
            self.iri()
        if self.chance(2):
            self.word("WHERE")
        self.group()
        if self.chance(4):
            self.word("ORDER", "BY")
            self.variable()
        if self.chance(4):
            self.word(self.one_of("LIMIT", "OFFSET"))
            self.put("7")

    def update(self) -> None:
        self.prologue()
        for i in range(self.one_of(1, 1, 2)):
            if i:
                self.put(";")
            kind = self.one_of("LOAD", "DATA", "INSERT", "DELETE", "CLEAR", "WITH")
            if kind == "LOAD":
                self.word("LOAD", *self.one_of((), ("SILENT",)))
                self.put(self.one_of(f"<{ADDRESS}>", "ex:load", rf"<{ADDRESS}\u0073>"))
                if self.chance(3):
                    self.word("INTO", "GRAPH")
                    self.iri()
            elif kind == "DATA":
                self.word("INSERT", "DATA")
                self.put("{", "ex:load", self.one_of("a", *_IRIS), self.one_of(*_STRINGS, *_NUMBERS), "}")
            elif kind == "CLEAR":
                self.word("CLEAR", "SILENT", "GRAPH")
                self.iri()
            else:
                if kind == "WITH":
                    self.word("WITH")
                    self.iri()
                self.word("DELETE" if kind == "DELETE" else "INSERT")
                self.put("{", "?s", "ex:a", self.one_of("?service", "1", "'load'"), "}")
                self.word("WHERE")
                self.group(1)

    def done(self) -> Text:
        return Text("".join(self.parts), tuple(self.tokens), frozenset(self.keywords), self.glued)


@st.composite
def queries(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Text:
    """A query; the engine may refuse it for what grammar does not say."""
    writer = _Writer(draw)
    writer.query()
    return writer.done()


@st.composite
def updates(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Text:
    """An update; likewise."""
    writer = _Writer(draw)
    writer.update()
    return writer.done()


def damaged(texts: st.SearchStrategy[Text]) -> st.SearchStrategy[str]:
    """A text of *texts* with tokens left out, doubled or swapped, some of them grown together."""

    @st.composite
    def damage(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
        tokens = list(draw(texts).tokens)
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(tokens) - 1))
            how = draw(st.sampled_from(("out", "double", "swap", "glue")))
            if how == "out" and len(tokens) > 1:
                del tokens[at]
            elif how == "double":
                tokens.insert(at, tokens[at])
            elif how == "swap":
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif at + 1 < len(tokens):
                tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return " ".join(tokens)

    return damage()


#: What begins or ends a string, an IRI or a comment for some readers, and not for others.
_PIECES = (
    *('"', "'", '"""', "'''", "\\", r"\u0022", r"\u0027", r"\u005C", r"\u003E", r"\uD800", r"\u000A"),
    *("#", "\n", "\r", "<", ">", "<http://e/", "{", "}", "(", ")", " ", "?s ?p ", " ; ", "ex:", "SERVICE"),
    *("1", ".", " VALUES ?y { ", " BIND(", " AS ?x) "),
)
#: Patterns in which such pieces stand.
_AROUND = (
    *("...", " ?s ?p '...' . ", ' ?s ?p "..." . ', " ?s ?p '''...''' . ", ' ?s ?p """...""" . '),
    *(" # ...\n", " #...\r", " ?s ?p <http://e/...> . ", " ?s ?p ex:... . ", " VALUES ?y { '...' } "),
    *(" BIND('...' AS ?x) ", ' BIND("..." AS ?x) # ... \n'),
)


def hostile(begin: str, reach: str, end: str) -> st.SearchStrategy[str]:
    """Texts in which *reach* stands behind and before pieces of strings, IRIs and comments."""
    pieces = st.lists(st.sampled_from(_PIECES), max_size=3).map("".join)
    around = st.tuples(st.sampled_from(_AROUND), pieces).map(lambda two: two[0].replace("...", two[1]))
    some = st.lists(around, max_size=2).map("".join)
    return st.tuples(some, some).map(lambda two: f"{begin}{two[0]}{reach}{two[1]}{end}")
