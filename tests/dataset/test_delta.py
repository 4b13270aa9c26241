"""Which updates tell their own change."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from mesoonto.dataset.delta import steps


def test_label_of_a_blank_node_in_two_operations_is_left_to_the_engine() -> None:
    """W3C syntax-update-1, test_54: it is refused."""
    text = "INSERT DATA { _:b <urn:p> 1 } ; INSERT DATA { _:b <urn:p> 2 }"
    assert steps(text) is None
    with pytest.raises(SyntaxError):
        ox.Store().update(text)
    assert steps("INSERT DATA { _:b <urn:p> 1, 2 }") is not None
