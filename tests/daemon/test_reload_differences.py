"""What `reload` says that it changed."""

from __future__ import annotations

from dataclasses import dataclass

from logmond.daemon.differences import difference


@dataclass(frozen=True)
class Item:
    """Something with a name and a setting."""

    name: str
    setting: int = 0


def test_new_changed_and_gone_are_named_apart() -> None:
    """What stayed as it was is not mentioned."""
    old = [Item("kept"), Item("altered"), Item("old")]
    new = [Item("altered", 1), Item("fresh"), Item("kept")]
    assert difference(old, new) == " (new: fresh; changed: altered; gone: old)"
    assert difference(old[:1], [*old[:1], Item("fresh")]) == " (new: fresh)"


def test_another_order_needs_no_words() -> None:
    """Nothing is new, changed or gone."""
    assert difference([Item("a"), Item("b")], [Item("b"), Item("a")]) == ""


def test_many_names_are_counted() -> None:
    """A line stays a line."""
    new = [Item(f"rule-{number}") for number in range(1007)]
    told = " (new: rule-0, rule-1, rule-2, rule-3, rule-4 and 1,002 more)"
    assert difference([], new) == told
