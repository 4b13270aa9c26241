"""Where real engines answer otherwise than the W3C's suite, or than our own engine, and why.

docs/engines.md has the numbers of them.
"""

from __future__ import annotations

_LABEL = "BNODE(label) gives the same blank node in every solution"
_PLUS = "+ joins strings, where it is an error"

_MESSY_NUMBER = "an aggregate or SECONDS over doubles is a decimal, or the other way round"
_ERROR = "an error in an expression ends the query, where it leaves the variable unbound"
_NO_ERROR = "a wrong argument gives a value, where it is an error"
_SEPARATOR = "GROUP_CONCAT needs a separator"
_LANGUAGE = "a function of strings loses the language, or keeps it wrongly"
_BYTES = "a hash of text that is not ASCII is of other bytes"
_NO_BNODE = "there is no BNODE()"
_START = "a path without a fixed end is refused"
_PATH = "a path of any length gives some nodes more than once, or not at all"
_UNBOUND = "MINUS and joins take variables that may be unbound for bound ones"
_INTEGER = "a comparison or truth value that an expression gives is an integer"
_RELATIVE = "IRI() and URI() leave a relative IRI as it is"

_NO_UNION = (
    "it has GRAPH, and the dataset in memory of the tests is not set up with the union as default graph"
)

_NO_DEFAULT = "it has no default graph of its own"
_BLANK_NODES = "an update of several operations on blank nodes ends in an error of its own, and in the middle"

#: Query evaluation cases of the W3C's SPARQL 1.1 suite.
W3C: dict[str, dict[str, str]] = {
    "oxigraph": {
        "aggregates/agg-groupconcat-04": "GROUP_CONCAT of strings with one language keeps the language",
        "aggregates/agg-empty-group-count-graph": "GRAPH ?g is joined with the group only afterwards",
        "functions/bnode01": _LABEL,
        "csv-tsv-res/tsv03": "types derived from xsd:integer are stored as xsd:integer",
    },
    "fuseki": {
        "functions/plus-1-corrected": _PLUS,
        "functions/plus-2-corrected": _PLUS,
        "functions/bnode01": _LABEL,
        "property-path/values_and_path": "a path of length zero matches a term that the graph lacks",
    },
    "virtuoso": {
        "aggregates/agg06": "HAVING needs a GROUP BY",
        "aggregates/agg-groupconcat-01": _SEPARATOR,
        "aggregates/agg-groupconcat-02": _SEPARATOR,
        "aggregates/agg-groupconcat-04": _SEPARATOR,
        "aggregates/agg-groupconcat-05": _SEPARATOR,
        "aggregates/agg-groupconcat-distinct": _SEPARATOR,
        "aggregates/agg-sum-02": _MESSY_NUMBER,
        "aggregates/agg-avg-02": _MESSY_NUMBER,
        "aggregates/agg-avg-03": "AVG of nothing is unbound",
        "aggregates/agg-err-01": _ERROR,
        "aggregates/agg-err-02": _MESSY_NUMBER,
        "aggregates/agg-empty-group-count-graph": "an aggregate inside GRAPH ?g counts all graphs at once",
        "aggregates/agg-avg-distinct": _MESSY_NUMBER,
        "bind/bind10": "a variable of outside the group is seen in it",
        "bindings/values7": _UNBOUND,
        "cast/cast-bool": _NO_ERROR,
        "cast/cast-int": _NO_ERROR,
        "cast/cast-decimal": _NO_ERROR,
        "cast/cast-string": "truth values become 1 and 0 as strings",
        "functions/strdt01": _NO_ERROR,
        "functions/strdt03-rdf11": _NO_ERROR,
        "functions/strlang01": _NO_ERROR,
        "functions/strlang03-rdf11": _NO_ERROR,
        "functions/concat02": _NO_ERROR,
        "functions/ends01": _ERROR,
        "functions/plus-1-corrected": _NO_ERROR,
        "functions/md5-02": _BYTES,
        "functions/sha1-02": _BYTES,
        "functions/sha256-02": _BYTES,
        "functions/sha512-02": _BYTES,
        "functions/seconds": _MESSY_NUMBER,
        "functions/timezone": _ERROR,
        "functions/bnode01": _NO_BNODE,
        "functions/bnode02": _NO_BNODE,
        "functions/notin02": _ERROR,
        "functions/iri01": _RELATIVE,
        "functions/if01": _INTEGER,
        "functions/if02": _ERROR,
        "functions/coalesce01": _ERROR,
        "functions/strbefore01a": _ERROR,
        "functions/strbefore02": _LANGUAGE,
        "functions/strafter01a": _ERROR,
        "functions/strafter02": _LANGUAGE,
        "functions/replace01": _LANGUAGE,
        "functions/uuid02": "UUID() gives another kind of IRI",
        "negation/full-minuend": _UNBOUND,
        "negation/partial-minuend": _UNBOUND,
        "project-expression/projexp01": _INTEGER,
        "project-expression/projexp02": _NO_ERROR,
        "property-path/pp12": _PATH,
        "property-path/pp14": _START,
        "property-path/pp16": _START,
        "property-path/pp21": _PATH,
        "property-path/pp23": _PATH,
        "property-path/pp25": _PATH,
        "property-path/pp28a": _PATH,
        "property-path/pp34": _START,
        "property-path/pp35": _START,
        "property-path/pp36": "SELECT * without variables has one of its own",
        "property-path/pp37": _PATH,
        "property-path/values_and_path": _START,
        "property-path/nps_inverse": "!^p is no path",
        "subquery/subquery03": "a sub-query inside GRAPH ?g finds nothing",
    },
}

#: Update cases of the W3C's SPARQL 1.1 suite.
UPDATES: dict[str, dict[str, str]] = {
    "oxigraph": {},
    "fuseki": {},
    "virtuoso": {
        "basic-update/insert-data-same-bnode": _BLANK_NODES,
        **dict.fromkeys(
            (
                "add/add01",
                "add/add02",
                "add/add03",
                "add/add04",
                "add/add05",
                "add/add06",
                "add/add07",
                "add/add08",
                "basic-update/insert-data-spo1",
                "basic-update/insert-where-01",
                "basic-update/insert-where-02",
                "basic-update/insert-where-03",
                "basic-update/insert-where-04",
                "basic-update/insert-using-01",
                "basic-update/insert-where-same-bnode",
                "basic-update/insert-where-same-bnode2",
                "clear/dawg-clear-default-01",
                "clear/dawg-clear-graph-01",
                "clear/dawg-clear-named-01",
                "clear/dawg-clear-all-01",
                "copy/copy01",
                "copy/copy02",
                "copy/copy03",
                "copy/copy04",
                "copy/copy06",
                "copy/copy07",
                "delete/dawg-delete-01",
                "delete/dawg-delete-03",
                "delete/dawg-delete-05",
                "delete/dawg-delete-06",
                "delete/dawg-delete-07",
                "delete/dawg-delete-with-06",
                "delete/dawg-delete-using-01",
                "delete/dawg-delete-using-02a",
                "delete/dawg-delete-using-03",
                "delete/dawg-delete-using-04",
                "delete-data/dawg-delete-data-01",
                "delete-data/dawg-delete-data-03",
                "delete-data/dawg-delete-data-05",
                "delete-data/dawg-delete-data-06",
                "delete-insert/dawg-delete-insert-01",
                "delete-insert/dawg-delete-insert-01b",
                "delete-insert/dawg-delete-insert-01c",
                "delete-insert/dawg-delete-insert-02",
                "delete-insert/dawg-delete-insert-04",
                "delete-insert/dawg-delete-insert-04b",
                "delete-insert/dawg-delete-insert-05b",
                "delete-insert/dawg-delete-insert-06b",
                "delete-insert/delete-insert-halloween-problem",
                "delete-where/dawg-delete-where-01",
                "delete-where/dawg-delete-where-03",
                "delete-where/dawg-delete-where-05",
                "delete-where/dawg-delete-where-06",
                "drop/dawg-drop-default-01",
                "drop/dawg-drop-graph-01",
                "drop/dawg-drop-named-01",
                "drop/dawg-drop-all-01",
                "move/move01",
                "move/move02",
                "move/move03",
                "move/move04",
                "move/move06",
                "move/move07",
                "update-silent/clear-silent",
                "update-silent/clear-default-silent",
                "update-silent/drop-silent",
                "update-silent/drop-default-silent",
                "update-silent/copy-to-default-silent",
                "update-silent/move-to-default-silent",
                "update-silent/add-to-default-silent",
            ),
            _NO_DEFAULT,
        ),
    },
}

#: Competency questions.
QUESTIONS: dict[str, dict[str, str]] = {
    "oxigraph": {},
    "fuseki": {
        **dict.fromkeys(("CQ10", "CQ33", "CQ50", "CQ51", "CQ52", "CQ65", "CQ67"), _NO_UNION),
        **dict.fromkeys(("CQ21", "CQ22"), "the text of a decimal keeps its point: 12.0 mo for 12 mo"),
    },
    "virtuoso": {
        "CQ80": _INTEGER,
        "CQ07": "other rows, of a sub-query with an aggregate",
        "CQ21": "Internal Optimized compiler error",
        "CQ44": "Internal Optimized compiler error",
        "CQ74": "Stack Overflow in cost model",
        "CQ82": "an error of its SQL",
        "CQ83": "a variable of GROUP BY is not seen",
        "CQ88": "rows more than once, of a path of any length",
    },
}

_NOTE = "the note of the state of the data is a graph, which GRAPH ?g finds"

#: Cases of the W3C's protocols, by the names of their tests.
PROTOCOL: dict[str, dict[str, str]] = {
    "oxigraph": dict.fromkeys(("test_update_post_form", "test_update_post_direct"), _NOTE),
    "fuseki": dict.fromkeys(("test_update_post_form", "test_update_post_direct"), _NOTE),
    "virtuoso": {
        **dict.fromkeys(("test_update_post_form", "test_update_post_direct"), _NOTE),
        "test_put_get_default": _NO_DEFAULT,
    },
}
