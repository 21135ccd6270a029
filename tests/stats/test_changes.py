"""Evidence names what changed, not what is merely large."""

from __future__ import annotations

from logmond.frame.frame import Bounded, Delta, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top
from logmond.stats.changes import Comparison, Question
from logmond.stats.results import Evidence
from logmond.stats.service import StatisticsService

START = 1_795_453_200


def feed(service: StatisticsService, second: int, hits: dict[tuple[str, str, str], int]) -> None:
    """Lines of one second by (section, status, client)."""
    exact, clients, failed = Exact(), Top(), Top()
    for (section, status, client), n in hits.items():
        tally = exact.cells.setdefault(("nginx", "-", "GET", status, section), [0, 0])
        tally[0] += n
        clients.update({client: n})
        if status >= "400":
            failed.update({client: n})
    tops = {("client", False): clients, ("client", True): failed}
    service.add(Delta({second: exact}, {second - second % 10: Bounded(tops)}))


def run(
    calm: dict[tuple[str, str, str], int], then: dict[tuple[str, str, str], int]
) -> StatisticsService:
    """A minute of calm, then a minute of something else."""
    service = StatisticsService()
    service.start(START - 1)
    for offset in range(120):
        feed(service, START + offset, calm if offset < 60 else then)
        service.advance(START + offset)
    return service


CALM = {("/", "200", "a"): 6, ("/api", "200", "b"): 3, ("/img", "200", "c"): 1}


def found(service: StatisticsService, *, of: str = "hits", **where: str) -> list[Evidence]:
    """The evidence over the last minute against the one before."""
    return finished(service.changes(Question(START + 119, 60, of, Selector.of(where))))


def finished(comparison: Comparison) -> list[Evidence]:
    """What a comparison comes to when nobody interrupts it."""
    while True:
        try:
            next(comparison)
        except StopIteration as done:
            evidence: list[Evidence] = done.value
            return evidence


def test_the_key_behind_the_rise_comes_first_with_its_share() -> None:
    """One client hammering one section is named by both."""
    service = run(CALM, {**CALM, ("/login", "401", "evil"): 30})
    evidence = found(service)
    assert {(e.dimension, e.key, e.share) for e in evidence} == {
        ("section", "/login", 1.0),
        ("status", "401", 1.0),
        ("client", "evil", 1.0),
    }


def test_traffic_that_grew_everywhere_alike_blames_nobody() -> None:
    """Three times of everything is more visitors, not an offender."""
    assert found(run(CALM, {key: 3 * n for key, n in CALM.items()})) == []


def test_errors_read_the_tables_of_errors_only() -> None:
    """A client with all the errors in a hundredth of the traffic is found."""
    calm = {("/", "200", "a"): 300, ("/api", "200", "b"): 300}
    service = run(calm, {**calm, ("/api", "502", "evil"): 6})
    evidence = found(service, of="errors", status="5xx")
    assert [(e.dimension, e.key, e.share) for e in evidence] == [
        ("client", "evil", 1.0),
        ("section", "/api", 1.0),
    ]


def test_tops_do_not_speak_for_a_rule_that_reads_a_part_of_the_traffic() -> None:
    """Clients are not kept by section, so a rule about one section names none."""
    service = run(CALM, {**CALM, ("/login", "200", "x"): 1, ("/", "200", "evil"): 50})
    assert not any(e.dimension == "client" for e in found(service, section="/login"))


def test_dimensions_with_one_key_in_all_traffic_explain_nothing() -> None:
    """With one source and no virtual hosts, neither is ever named."""
    service = run(CALM, {**CALM, ("/x", "200", "evil"): 50})
    assert {e.dimension for e in found(service)} == {"section", "client"}


def test_without_a_span_before_shares_are_of_the_window_itself() -> None:
    """After a start there is nothing to compare with; what is largest is said."""
    service = run({}, {("/api", "200", "a"): 9, ("/", "200", "b"): 1})
    assert Evidence("section", "/api", 0.9) in found(service)
