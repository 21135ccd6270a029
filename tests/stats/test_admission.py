"""A series counts its groups by name until there are too many, and loses no line then."""

from __future__ import annotations

from logmond.frame.frame import OTHER
from logmond.stats.admission import GROUPS, NEW_A_SECOND, Admission
from logmond.stats.sums import Step, Tally


def step_of(hits: dict[str, int]) -> Step:
    """A step with these groups."""
    step: Step = {}
    for name, n in hits.items():
        tally = step[name,] = Tally()
        tally.hits = n
    return step


def test_groups_within_the_bound_are_given_back_as_they_are() -> None:
    """The usual case copies nothing."""
    step = step_of({"a": 1, "b": 2})
    assert Admission().admitted(step, 1, 60, ()) is step


def test_beyond_the_bound_the_largest_new_ones_are_named_and_the_rest_is_other() -> None:
    """Hits are kept, and who was known goes on by name."""
    admission = Admission()
    admission.admitted(step_of({f"g{n}": 1 for n in range(GROUPS)}), 1, 60, ())
    step = step_of({"g5": 7, **{f"new{n}": n + 1 for n in range(10)}})
    found = admission.admitted(step, 2, 60, ())
    assert {group[0]: tally.hits for group, tally in found.items()} == {
        "g5": 7,
        "new9": 10,
        "new8": 9,
        OTHER: sum(range(1, 9)),
    }
    assert NEW_A_SECOND == 2


def test_a_flood_of_new_groups_names_twice_the_bound_at_most() -> None:
    """However long it lasts."""
    admission, named = Admission(), set()
    for second in range(1200):
        flood = step_of({f"{second}-{n}": 1 for n in range(20)})
        found = admission.admitted(flood, second, 3600, ())
        named |= set(found)
        assert sum(tally.hits for tally in found.values()) == 20
    assert len(named) <= 2 * GROUPS + 1 + NEW_A_SECOND


def test_groups_that_are_gone_give_their_place_back() -> None:
    """After the flood a new group is named again."""
    admission = Admission()
    admission.admitted(step_of({f"g{n}": 1 for n in range(2 * GROUPS)}), 1, 60, ())
    for second in (2, 70):
        found = admission.admitted(
            step_of({f"late{second}-{n}": 1 for n in range(5)}), second, 60, ()
        )
    assert ("late70-0",) in found
    assert (OTHER,) not in found


def test_groups_of_open_incidents_are_always_named() -> None:
    """Small as they may be."""
    admission = Admission()
    admission.admitted(step_of({f"g{n}": 1 for n in range(GROUPS)}), 1, 60, ())
    step = step_of({"firing": 1, **{f"new{n}": 50 for n in range(10)}})
    assert ("firing",) in admission.admitted(step, 2, 60, {("firing",)})
