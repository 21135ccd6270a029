"""Secrets from files: ``token_file: /etc/logmond/token`` in place of ``token: ...``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logmond.config.places import Path, Place
from logmond.config.schema import Config
from logmond.config.section import Section
from logmond.config.shape import Shape, keys_of, shape_of
from logmond.config.yamltree import Tree

MAX_BYTES = 4096


def resolve(tree: Tree) -> None:
    """Read every ``_file`` of a secret into its place in the tree; problems are noted there."""
    for node, path, key in list(_secrets(Shape("section", (Config,)), tree.data, ())):
        file_key = f"{key}_file"
        name = node.get(file_key)
        if not isinstance(name, str) or not name.startswith("/"):
            continue  # not given, or its own kind says what is wrong with it
        file_path = (*path, file_key)
        place = tree.places.value(file_path)
        if node.get(key) is not None:
            tree.problem(place, file_path, f"{key} is given too; remove one of them")
            continue
        try:
            with open(name, "rb") as file:
                raw = file.read(MAX_BYTES + 1)
            secret = raw.decode().strip()
            if len(raw) > MAX_BYTES:
                raise ValueError(f"is longer than {MAX_BYTES} bytes")
            if not secret:
                raise ValueError("is empty")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            tree.problem(place, file_path, f"cannot read {name}: {reason}")
        except UnicodeDecodeError:
            tree.problem(place, file_path, f"{name} is not UTF-8 text")
        except ValueError as error:
            tree.problem(place, file_path, f"{name} {error}")
        else:
            node[key] = secret
            tree.places.put((*path, key), Place(0, 0, name))
            continue
        # Nobody is to complain that there is no secret, or none of its kind: that is told already.
        node[key] = "unreadable"
        tree.spoiled.append((*path, key))


def _secrets(
    shape: Shape | None, node: Any, path: Path
) -> Iterator[tuple[dict[str, Any], Path, str]]:
    """Every place of a secret: the mapping around it, its path, the key."""
    if shape is None:
        return
    if shape.holds == "list" and isinstance(node, list):
        for index, item in enumerate(node):
            yield from _secrets(Shape("section", shape.sections), item, (*path, index))
    elif shape.holds == "section" and isinstance(node, dict):
        model: type[Section] | None = shape.model(node)
        for key, info in keys_of(model).items() if model else ():
            inner = shape_of(info)
            if inner.kind is not None and inner.kind.secret:
                yield node, path, key
            elif key in node:
                yield from _secrets(inner, node[key], (*path, key))
