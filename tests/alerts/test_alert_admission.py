"""Groups come from strangers: their number is capped, and what is beyond it is shown together."""

from __future__ import annotations

from fake_stats import START, Daemon, FakeStatistics
from hypothesis import given
from hypothesis import strategies as st

from logmond.alerts.admission import Admission, Room, named_groups
from logmond.alerts.baseline import Baselines
from logmond.alerts.measure import Total
from logmond.alerts.outlook import Outlook
from logmond.alerts.rule import Rule
from logmond.alerts.seam import Group, Tally
from logmond.frame.selector import Selector

OTHER = ("(other)",)


def groups(**hits: int) -> dict[tuple[str, ...], Total]:
    """Tallies by one-dimensional group."""
    return {(name,): Total(hits=n) for name, n in hits.items()}


def test_newcomers_are_admitted_most_hits_first() -> None:
    """Who is beyond the cap is watched together with the rest."""
    admission = Admission(1, Room(), cap=2)
    admission.update(groups(a=1, b=9, c=5), held=())
    assert admission.rest == [("a",)]
    assert admission.members(OTHER, groups(a=1, b=9, c=5)) == [("a",)]


def test_a_group_keeps_its_place_while_it_has_hits() -> None:
    """A louder newcomer does not push it out."""
    admission = Admission(1, Room(), cap=1)
    admission.update(groups(a=1), held=())
    admission.update(groups(a=1, b=9), held=())
    assert admission.rest == [("b",)]
    admission.update(groups(b=9), held=())
    assert not admission.rest
    assert len(admission) == 1


def test_a_held_group_keeps_its_place_without_hits() -> None:
    """Its incident is still open."""
    admission = Admission(1, Room(), cap=1)
    admission.update(groups(a=1), held=())
    admission.update(groups(b=9), held={("a",)})
    assert admission.rest == [("b",)]


def test_the_daemon_has_a_cap_over_all_rules() -> None:
    """Places are shared, and come back."""
    room = Room(places=3)
    first, second = Admission(1, room), Admission(1, room)
    first.update(groups(a=1, b=2), held=())
    second.update(groups(a=1, b=2), held=())
    assert (len(first), len(second), second.rest) == (2, 1, [("a",)])
    first.leave()
    second.update(groups(a=1, b=2), held=())
    assert not second.rest


@given(st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9)), max_size=12))
def test_places_are_never_lost_and_every_group_is_watched_somewhere(
    steps: list[dict[str, int]],
) -> None:
    """Admitted or among the rest, never both, never neither."""
    room = Room(places=4)
    admission = Admission(1, room, cap=3)
    for step in steps:
        present = groups(**step)
        admission.update(present, held=())
        watched = {group for group, _ in admission.present(present)}
        assert watched | set(admission.rest) == set(present)
        assert not watched & set(admission.rest)
        assert room.free + len(admission) == 4


def test_the_groups_beyond_the_cap_fire_together_as_other() -> None:
    """A flood of invented hosts is one incident, not thousands."""
    stats = FakeStatistics()
    for number in range(300):
        stats.put(0, 2, vhost=f"h{number:03}")
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=5, above=(("warning", 150.0),))
    daemon = Daemon(rule, stats=stats)
    (event,) = daemon.run(0)
    assert (event.group, event.value) == ({"vhost": "(other)"}, 200)
    assert event.peak_requests_per_second is not None
    assert event.peak_requests_per_second.value == 200
    (status,) = daemon.alerts.statuses()
    assert (status.groups, status.groups_folded, status.value) == (200, 100, 200)
    assert [e.at - START for e in daemon.run(60) if e.kind == "recovered"] == [35]


def test_a_percentile_of_the_other_groups_counts_all_of_them() -> None:
    """Slow and timed hits add up over the groups beyond the cap."""
    stats = FakeStatistics()
    for number in range(201):
        stats.put(0, 5, vhost=f"h{number:03}", duration_s=0.1)
    stats.put(0, 1, vhost="z1", duration_s=0.9)
    stats.put(0, 1, vhost="z2", duration_s=0.9)
    rule = Rule(
        "slow", "duration_p75", group_by=("vhost",), window_s=5, above=(("warning", 0.5),),
        min_hits=6,
    )  # fmt: skip
    # (other) holds one fast group of 5 and the two slow hits: 2 of 7 are slower.
    (event,) = Daemon(rule, stats=stats).run(0)
    assert event.group == {"vhost": "(other)"}


def test_only_groups_listed_outright_are_named() -> None:
    """A pattern or a free dimension names nothing."""

    def named(where: dict[str, list[str]], *by: str) -> list[tuple[str, ...]]:
        return named_groups(Rule("r", "hits", Selector.of(where), group_by=by))

    assert named({"vhost": ["a", "b"], "method": ["GET"]}, "vhost", "method") == [
        ("a", "GET"),
        ("b", "GET"),
    ]
    assert named({"vhost": ["a*"]}, "vhost") == []
    assert named({"status": ["5xx"]}, "status") == []
    assert named({"vhost": ["a"]}, "vhost", "method") == []
    assert named({"vhost": ["a"]}) == []


def test_the_folded_groups_are_added_up_once_for_all_rules_of_a_second() -> None:
    """In another second, or for other members, they are added up anew."""
    fake = FakeStatistics()
    outlook = Outlook(fake, Baselines(fake.minute))
    asked: list[Group] = []

    def tally(group: Group) -> Tally:
        asked.append(group)
        return Total(hits=len(group[0]))

    members = [("a",), ("bb",)]
    for _ in range(2):
        outlook.begin()
        assert [outlook.joint((1, 0), list(members), tally).hits for _ in range(3)] == [3, 3, 3]
        assert outlook.joint((1, 0), members[:1], tally).hits == 1
        assert asked == [*members, members[0]]
        asked.clear()
        outlook.end()
    assert [outlook.joint((1, 0), members, tally).hits for _ in range(2)] == [3, 3]
    assert asked == [*members, *members]
