"""Every reason and note the program can give, read out of its source; values stand as "…".

What is passed as the reason of a `Health` is followed through the names, functions
and parameters it came by. Nothing is imported or run.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pages import ROOT

VALUE = "…"

SAYERS = ("notes_of", "_formats_seen", "told", "notes", "advice", "_queue_advice", "problem")
"""Functions and properties whose texts `sources` and `status` show as they are."""

EPOCHS = ("Jump", "_jump")
"""What begins a new epoch, its reason second."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """One file, and the function each node stands in."""

    name: str
    tree: ast.Module
    inside: dict[ast.AST, Function | None]


def _modules() -> list[Module]:
    found = []
    for path in sorted((ROOT / "logmond").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside: dict[ast.AST, Function | None] = {}

        def visit(
            node: ast.AST, owner: Function | None, inside: dict[ast.AST, Function | None]
        ) -> None:
            inside[node] = owner
            here = node if isinstance(node, Function) else owner
            for child in ast.iter_child_nodes(node):
                visit(child, here, inside)

        visit(tree, None, inside)
        found.append(Module(str(path.relative_to(ROOT)), tree, inside))
    return found


class Reasons:
    """Finds the texts of expressions."""

    def __init__(self) -> None:
        self.modules = _modules()
        self._functions: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        for module in self.modules:
            for node in ast.walk(module.tree):
                if isinstance(node, Function):
                    self._functions[node.name].append((module, node))

    def all(self) -> dict[str, set[str]]:
        """Every text, with the modules that say it."""
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.modules:
            for text in self._of_module(module):
                if text.strip(VALUE + " "):
                    found[text].add(module.name)
        return found

    def _of_module(self, module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _called(node) == "Health" and len(node.args) > 1:
                yield from self._texts(module, node.args[1], 0)
            elif isinstance(node, ast.Call) and _called(node) == "gap" and len(node.args) > 3:
                yield from self._texts(module, node.args[3], 0)
            elif isinstance(node, ast.Call) and _called(node) in EPOCHS:
                yield from self._texts(module, node.args[1], 0)
            elif isinstance(node, ast.Assign) and _attribute(node) == "problem":
                yield from self._texts(module, node.value, 0)
            elif (
                isinstance(node, Function)
                and node.name in SAYERS
                and ("sources" in module.name or "daemon" in module.name
                     or "outputs" in module.name or "clocks" in module.name)
            ):  # fmt: skip
                yield from self._said(module, node, None, 0)

    def _said(
        self, module: Module, function: Function, place: int | None, depth: int
    ) -> Iterator[str]:
        """What a function returns or yields; of tuples the element at `place`."""
        for node in ast.walk(function):
            if module.inside[node] is not function:
                continue
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                value = node.value
                if place is not None and isinstance(value, ast.Tuple):
                    value = value.elts[place]
                yield from self._texts(module, value, depth)

    def _texts(self, module: Module, value: ast.expr, depth: int) -> Iterator[str]:
        """Every text an expression can be."""
        if depth > 6:
            return
        if isinstance(value, ast.Constant):
            if isinstance(value.value, str):
                yield value.value
        elif isinstance(value, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else VALUE
                for part in value.values
            )
        elif isinstance(value, ast.IfExp):
            yield from self._texts(module, value.body, depth)
            yield from self._texts(module, value.orelse, depth)
        elif isinstance(value, ast.List | ast.Tuple):
            for item in value.elts:
                yield from self._texts(module, item, depth)
        elif isinstance(value, ast.Call):
            for where, function in self._callees(module, value):
                yield from self._said(where, function, None, depth + 1)
        elif isinstance(value, ast.Name):
            yield from self._named(module, value, depth)

    def _callees(self, module: Module, call: ast.Call) -> list[tuple[Module, Function]]:
        """The functions a call can mean: of this file, else imported, else a neighbour's method."""
        found = self._functions.get(_called(call), [])
        here = [(where, function) for where, function in found if where is module]
        if here:
            return here
        sources = {
            f"{node.module.replace('.', '/')}.py"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom) and node.module
        }
        return [(where, function) for where, function in found if where.name in sources]

    def _named(self, module: Module, name: ast.Name, depth: int) -> Iterator[str]:
        """What a local name or a parameter can be; what is appended to it follows."""
        function = module.inside[name]
        if function is None:
            return
        nodes = list(ast.walk(function))
        behind = "".join(
            text
            for node in nodes
            if isinstance(node, ast.AugAssign) and getattr(node.target, "id", "") == name.id
            for text in self._texts(module, node.value, depth + 1)
        )
        for node in nodes:
            for target in node.targets if isinstance(node, ast.Assign) else ():
                for text in self._assigned(module, target, node, name.id, depth + 1):
                    yield text + behind
        parameters = [argument.arg for argument in function.args.args]
        if name.id in parameters:
            place = parameters.index(name.id) - (parameters[0] == "self")
            for node in ast.walk(module.tree):
                named = isinstance(node, ast.Call) and _called(node) == function.name
                if isinstance(node, ast.Call) and named and place < len(node.args):
                    yield from self._texts(module, node.args[place], depth + 1)

    def _assigned(
        self, module: Module, target: ast.expr, node: ast.Assign, name: str, depth: int
    ) -> Iterator[str]:
        """What an assignment gives a name: its value, or one element of what a call returns."""
        if isinstance(target, ast.Name) and target.id == name:
            yield from self._texts(module, node.value, depth)
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Call):
            names = [getattr(item, "id", "") for item in target.elts]
            if name in names:
                for where, called in self._callees(module, node.value):
                    yield from self._said(where, called, names.index(name), depth)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _attribute(node: ast.Assign) -> str:
    return getattr(node.targets[0], "attr", "")
