"""What may stand where: the models read as a tree of keys.

Messages, the environment and docs/config.md all need to know which keys a place
has; they ask here, so that the models are the one statement of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from logmond.config.places import Path
from logmond.config.scalars import Kind
from logmond.config.section import Section


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at one place.

    Attributes:
        holds: "section", "list" (of named sections), "mapping" (of free keys) or "value".
        sections: the models of a section or of a list's items; several where
            ``type`` chooses among them.
        kind: the kind of a value.
        inner: what each key of a mapping holds.
    """

    holds: str
    sections: tuple[type[Section], ...] = ()
    kind: Kind | None = None
    inner: Shape | None = None

    def model(self, data: Any) -> type[Section] | None:
        """The model that reads `data`; None when its ``type`` names none."""
        if len(self.sections) == 1:
            return self.sections[0]
        named = data.get("type") if isinstance(data, dict) else None
        for section in self.sections:
            if named in get_args(section.model_fields["type"].annotation):
                return section
        return None


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """The keys of a section as they are typed, with their fields."""
    return {info.alias or name: info for name, info in section.model_fields.items()}


def shape_of(info: FieldInfo) -> Shape:
    """What a field holds."""
    return _shape(info.annotation, info.metadata)


def steps(root: type[Section], data: Any, loc: Sequence[str | int]) -> tuple[Path, Shape | None]:
    """A location of pydantic's as a path of the data, and what may stand at its end.

    Pydantic names the chosen type of an output between its number and its key;
    the data has no such step. The shape is None where there can be nothing.
    """
    shape: Shape | None = Shape("section", (root,))
    path: Path = ()
    node = data
    rest = list(loc)
    while rest:
        part = rest.pop(0)
        path = (*path, part)
        shape = _below(shape, node, part)
        node = _child(node, part)
        chosen = shape is not None and shape.holds == "section" and len(shape.sections) > 1
        if chosen and rest and rest[0] == (node.get("type") if isinstance(node, dict) else None):
            rest.pop(0)
    return path, shape


def _below(shape: Shape | None, data: Any, part: str | int) -> Shape | None:
    if shape is None:
        return None
    if shape.holds == "list":
        return Shape("section", shape.sections)
    if shape.holds == "mapping":
        return shape.inner
    if shape.holds == "section":
        model = shape.model(data)
        info = keys_of(model).get(str(part)) if model else None
        return shape_of(info) if info else None
    return None


def _child(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def _shape(annotation: Any, metadata: Sequence[Any]) -> Shape:
    kind = next((item for item in metadata if isinstance(item, Kind)), None)
    if kind is not None:
        return Shape("value", kind=kind)
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(inner[0], inner[1:])
    if origin is tuple:
        return Shape("list", _sections(inner[0]))
    if origin is dict:
        return Shape("mapping", inner=_shape(inner[1], ()))
    if origin is Literal:
        return Shape("value")
    return Shape("section", _sections(annotation))


def _sections(annotation: Any) -> tuple[type[Section], ...]:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _sections(inner[0])
    if origin in (Union, UnionType):
        return tuple(section for member in inner for section in _sections(member))
    return () if annotation is NoneType else (annotation,)
