"""How many examples of generated input a test tries: a share of them, or with ``--thorough`` all."""

from __future__ import annotations

from hypothesis import settings

#: One example in so many is tried in the quick run.
SHARE = 8


def examples(whole: int) -> int:
    """The number to try where a thorough run tries *whole*; to be asked for while a module is imported."""
    return whole if settings.get_current_profile_name() == "thorough" else -(-whole // SHARE)
