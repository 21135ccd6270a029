"""A configuration as text: what it is read as, and what is wrong with it."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads
from logmond.config.schema import Config
from logmond.errors import ConfigError


def problems(text: str, environ: dict[str, str] | None = None, *sets: str) -> list[str]:
    """Every problem of a text, as one reads them."""
    with pytest.raises(ConfigError) as caught:
        loads(text, "f.yaml", environ or {}, sets)
    return [str(problem) for problem in caught.value.problems]


def config(text: str) -> Config:
    """The configuration of a text without problems."""
    return loads(text, "f.yaml", {}).config
