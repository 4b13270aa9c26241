"""mesoonto: resistance to immunotherapy in malignant pleural mesothelioma, as linked data.

from mesoonto import Dataset

data = Dataset()
data.query("SELECT ?trial { ?s a meso:Study ; rdfs:label ?trial }").to_pandas()
for result in data.trial("CheckMate 743").verdicts:
    print(result.value, result.interval, result.level)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesoonto.api.dataset import Dataset
    from mesoonto.api.endpoint import connect, connect_async
    from mesoonto.api.functions import explain, pool, stratify, validate
    from mesoonto.errors import UnmatchedWarning

__version__ = "0.1.0"
__all__ = [
    "Dataset", "UnmatchedWarning", "__version__", "connect", "connect_async", "explain", "pool", "stratify",
    "validate",
]  # fmt: skip

#: Where each public name is; they load when they are used.
_HOMES = {
    "Dataset": "mesoonto.api.dataset",
    "UnmatchedWarning": "mesoonto.errors",
    "connect": "mesoonto.api.endpoint",
    "connect_async": "mesoonto.api.endpoint",
    "explain": "mesoonto.api.functions",
    "pool": "mesoonto.api.functions",
    "stratify": "mesoonto.api.functions",
    "validate": "mesoonto.api.functions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mesoonto' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
