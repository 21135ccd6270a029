"""The table of caps says what the code holds to."""

from __future__ import annotations

from importlib import import_module

import pytest
from pages import ARCHITECTURE

_ROWS = ARCHITECTURE.rows("Caps")


def _value(dotted: str) -> object:
    """A constant by its full name: of a module, or the default of a dataclass in one."""
    module, _, name = dotted.rpartition(".")
    if module.rpartition(".")[2][:1].isupper():
        module, _, owner = module.rpartition(".")
        return getattr(getattr(import_module(module), owner)(), name)
    return getattr(import_module(module), name)


@pytest.mark.parametrize(("what", "most", "constant"), _ROWS, ids=[row[0] for row in _ROWS])
def test_every_cap_is_the_number_in_the_code(what: str, most: str, constant: str) -> None:
    """Numbers on a page go stale without notice."""
    assert _value(constant.strip("`")) == int(most.replace(",", "")), what
