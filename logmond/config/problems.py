"""What pydantic found, put at the place it was written and in words that help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from logmond.config.places import Path, Place, dotted
from logmond.config.scalars import PROBLEM
from logmond.config.schema import Config
from logmond.config.shape import Shape, keys_of, steps
from logmond.config.units import shown
from logmond.config.yamltree import MAX_PROBLEMS, Tree
from logmond.errors import Problem
from logmond.suggest import hint

_PLAIN = {
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping (key: value)",
    "model_type": "must be a mapping (key: value)",
    "model_attributes_type": "must be a mapping (key: value)",
}


def placed(error: ValidationError, tree: Tree) -> list[tuple[Place, Problem]]:
    """Every problem of a validation, except below what is spoiled already."""
    found: list[tuple[Place, Problem]] = []
    for details in error.errors(include_url=False, include_context=True):
        # Suggestions cost more than all else, and nobody reads past the first hundred.
        path, place, message = _told(details, tree, suggest=len(found) < MAX_PROBLEMS)
        if any(path[: len(spoiled)] == spoiled for spoiled in tree.spoiled):
            continue
        found.append((place, Problem(str(place), dotted(path), message)))
    return found


def _told(details: ErrorDetails, tree: Tree, *, suggest: bool) -> tuple[Path, Place, str]:
    kind, loc, value = details["type"], details["loc"], details["input"]
    path, _ = steps(Config, tree.data, loc)
    places = tree.places
    if kind == "extra_forbidden":
        known = _known_keys(tree, loc[:-1]) if suggest else []
        return path, places.key(path), f"unknown key{hint(str(path[-1]), known)}"
    if kind == "missing":
        return path[:-1], places.value(path[:-1]), f'needs the key "{path[-1]}"'
    if kind == "union_tag_not_found":
        names = ", ".join(_types(tree, loc))
        return path, places.value(path), f'needs the key "type"; there are: {names}'
    if kind == "union_tag_invalid":
        path = (*path, "type")
        tag = value.get("type") if isinstance(value, dict) else value
        more = f"; there are: {', '.join(_types(tree, loc))}"
        return path, places.value(path), f"unknown type {shown(tag)}{more}"
    if kind in _PLAIN and value is None:
        return path, places.value(path), "has no value; remove the key for its default"
    message = details["msg"] if kind == PROBLEM else _PLAIN.get(kind, details["msg"])
    if kind in _PLAIN and value is not None:
        message += f", not {shown(value)}"
    return path, places.value(path), message


def _known_keys(tree: Tree, loc: Sequence[str | int]) -> list[str]:
    path, shape = steps(Config, tree.data, loc)
    node: Any = tree.data
    for part in path:
        node = node[part]
    model = shape.model(node) if shape else None
    return list(keys_of(model)) if model else []


def _types(tree: Tree, loc: Sequence[str | int]) -> list[str]:
    """The names that ``type`` can have here."""
    shape: Shape | None = steps(Config, tree.data, loc)[1]
    names: list[str] = []
    for section in shape.sections if shape else ():
        names.extend(section.model_fields["type"].annotation.__args__)  # type: ignore[union-attr]
    return names
