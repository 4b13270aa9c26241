"""How a paper, or a page of this knowledge base, is cited: BibTeX, RIS, CSL-JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

#: Characters that mean something to LaTeX, and how they are written there.
_LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """What the three formats say; fields that are not known are empty."""

    key: str
    title: str
    url: str
    year: str = ""
    author: str = ""  #: a body; papers' authors are in the note, as the record has them
    version: str = ""
    doi: str = ""
    pmid: str = ""
    note: str = ""
    paper: bool = field(default=False)  #: of a journal, as opposed to an entry of a dataset

    def bibtex(self) -> str:
        """An entry for BibTeX."""
        text = {
            "title": self.title,
            "year": self.year,
            "version": self.version,
            "note": self.note,
        }
        lines = [f"  author = {{{{{_latex(self.author)}}}}}"] if self.author else []
        lines += [f"  {name} = {{{_latex(value)}}}" for name, value in text.items() if value]
        plain = {"doi": self.doi, "url": self.url}
        lines += [f"  {name} = {{{value}}}" for name, value in plain.items() if value]
        key = re.sub(r"[^\w:.-]", "_", self.key)
        return f"@{'article' if self.paper else 'misc'}{{{key},\n" + ",\n".join(lines) + "\n}\n"

    def ris(self) -> str:
        """An entry in RIS."""
        fields = (
            ("TY", "JOUR" if self.paper else "DATA"), ("AU", self.author), ("TI", self.title),
            ("PY", self.year), ("ET", self.version), ("DO", self.doi), ("AN", self.pmid), ("N1", self.note),
            ("UR", self.url), ("ER", ""),
        )  # fmt: skip
        return "".join(
            f"{name}  - {' '.join(value.split())}\n" for name, value in fields if value or name == "ER"
        )

    def csl(self) -> str:
        """A list of one item in CSL-JSON (https://docs.citationstyles.org)."""
        item: dict[str, object] = {
            "id": self.key,
            "type": "article-journal" if self.paper else "dataset",
            "title": self.title,
            "URL": self.url,
        }
        if self.author:
            item["author"] = [{"literal": self.author}]
        if self.year.isdecimal():
            item["issued"] = {"date-parts": [[int(self.year)]]}
        known = {"version": self.version, "DOI": self.doi, "PMID": self.pmid, "note": self.note}
        item |= {name: value for name, value in known.items() if value}
        return json.dumps([item], indent=2, ensure_ascii=False) + "\n"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in text)
