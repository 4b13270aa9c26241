"""The terminals of the grammar of SPARQL: one token, and what stands between tokens."""

from __future__ import annotations

import re

_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_U = _BASE + "_"
_CHARS = _U + "0-9\u00b7\u0300-\u036f\u203f-\u2040\\-"
_HEX = "[0-9A-Fa-f]"
# An escape of what is no character makes the engine read the token otherwise, so it is none here.
_PLANE = r"0000(?![dD][89A-Fa-f])|000[1-9A-Fa-f]|0010"
_UCHAR = rf"\\u(?![dD][89A-Fa-f]){_HEX}{{4}}|\\U(?:{_PLANE}){_HEX}{{4}}"
_ESCAPED = rf"\\[tbnrf\\\"']|{_UCHAR}"
_PLX = rf"%{_HEX}{_HEX}|\\[_~.\-!$&'()*+,;=/?#@%]"
_PREFIX = f"(?:[{_BASE}](?:[{_CHARS}.]*[{_CHARS}])?)?:"
_NUMBER = r"[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+|\.[0-9]+[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+"

#: What stands between tokens.
SPACE = re.compile(r"(?:[ \t\r\n]++|#[^\r\n]*+)*+")

#: One token (section 19.8, terminals), the longest first; the group's name is its kind.
TOKEN = re.compile(
    rf"""
    (?P<IRIREF><(?:[^<>"{{}}|^`\\\x00-\x20]|{_UCHAR})*+>)
    |(?P<PNAME_LN>{_PREFIX}(?:[{_U}:0-9]|{_PLX})(?:(?:[{_CHARS}.:]|{_PLX})*(?:[{_CHARS}:]|{_PLX}))?)
    |(?P<PNAME_NS>{_PREFIX})
    |(?P<BLANK_NODE_LABEL>_:[{_U}0-9](?:[{_CHARS}.]*[{_CHARS}])?)
    |(?P<VAR>[?$][{_U}0-9][{_U}0-9\u00b7\u0300-\u036f\u203f-\u2040]*+)
    |(?P<STRING>'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPED}))*+'''|\"\"\"(?:\"{{0,2}}(?:[^\"\\]|{_ESCAPED}))*+\"\"\"
        |'(?:[^'\\\r\n]|{_ESCAPED})*+'|"(?:[^"\\\r\n]|{_ESCAPED})*+")
    |(?P<LANGTAG>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?)
    |(?P<DOUBLE>[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+|\.[0-9]+[eE][+-]?[0-9]+)
    |(?P<DECIMAL>[0-9]*\.[0-9]+)
    |(?P<INTEGER>[0-9]+)
    |(?P<SIGNED>[+-](?:{_NUMBER}))
    |(?P<NIL>\([ \t\r\n]*\))
    |(?P<ANON>\[[ \t\r\n]*\])
    |(?P<WORD>[A-Za-z][A-Za-z0-9_]*)
    |(?P<SIGN><<\(|\)>>|\|\||&&|\^\^|<=|>=|!=|<<|>>|\{{\||\|\}}|[{{}}\[\]();,.+\-*/<>=!^|~?])
    """,
    re.VERBOSE,
)
