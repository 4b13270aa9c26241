"""How many examples of generated input or cases a test tries: a share of them, or with ``--thorough`` all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import pytest
from hypothesis import settings

#: One example in so many is tried in the quick run.
SHARE = 8


def examples(whole: int) -> int:
    """The number to try where a thorough run tries *whole*; to be asked for while a module is imported."""
    return whole if settings.get_current_profile_name() == "thorough" else -(-whole // SHARE)


class Named(Protocol):
    @property
    def name(self) -> str: ...


def sampled(cases: Iterable[Named]) -> list[object]:
    """Each of *cases* under its name; all but one in SHARE are marked slow, and so left to CI."""
    return [
        pytest.param(case, id=case.name, marks=pytest.mark.slow if place % SHARE else ())
        for place, case in enumerate(cases)
    ]
