"""Evidence names what changed, not what is merely large."""

from __future__ import annotations

from logmond.frame.frame import Bounded, Delta, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top, bucket_of
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


def test_a_rule_that_reads_a_part_of_the_lines_gets_bounds() -> None:
    """What must be true however the lines it does not read are made up, and what may be."""
    service = run(CALM, {**CALM, ("/login", "200", "evil"): 30})
    clients = [e for e in found(service, section="/login") if e.dimension == "client"]
    [evil] = clients
    assert evil.key == "evil"
    assert 0.6 < evil.share <= 2 / 3 + 0.01  # ten lines a second may be anybody's
    assert evil.share + evil.error == 1.0


def test_slow_requests_are_looked_for_among_slow_requests() -> None:
    """The section that became slow is named, not the one with most visitors."""
    service = StatisticsService()
    service.start(START - 1)
    fast, slow = bucket_of(0.05), bucket_of(2.0)
    for offset in range(120):
        exact = Exact()
        for section, hits in (("/", 50), ("/search", 5)):
            late = section == "/search" and offset >= 60
            exact.cells["nginx", "-", "GET", "200", section] = [hits, 0]
            exact.durations["nginx", "-", section] = {slow if late else fast: hits}
        service.add(Delta({START + offset: exact}))
        service.advance(START + offset)
    question = Question(START + 119, 60, "slow", slower_s=0.5)
    assert finished(service.changes(question)) == [Evidence("section", "/search", 1.0)]


def test_bytes_are_looked_for_among_bytes() -> None:
    """A few large answers, not the many small ones."""
    service = StatisticsService()
    service.start(START - 1)
    for offset in range(120):
        exact = Exact()
        exact.cells["nginx", "-", "GET", "200", "/"] = [50, 1000]
        exact.cells["nginx", "-", "GET", "200", "/dump"] = [1, 100 if offset < 60 else 10**6]
        service.add(Delta({START + offset: exact}))
        service.advance(START + offset)
    [evidence] = finished(service.changes(Question(START + 119, 60, "bytes")))
    assert (evidence.dimension, evidence.key) == ("section", "/dump")


def test_a_breach_that_was_pending_is_compared_with_the_time_before_it() -> None:
    """A fault that has lasted longer than the window is not compared with itself."""
    service = StatisticsService()
    service.start(START - 1)
    for offset in range(200):
        calm = offset < 60
        feed(service, START + offset, CALM if calm else {**CALM, ("/x", "200", "evil"): 30})
        service.advance(START + offset)
    now = Question(START + 199, 60)
    waited = Question(START + 199, 60, pending_s=80)
    assert not any(e.key == "evil" for e in finished(service.changes(now)))
    assert finished(service.changes(waited))[0].key == "evil"


def test_the_versions_of_a_bot_are_one_offender() -> None:
    """They are summed by the name they give; the key is that of most lines."""
    service = StatisticsService()
    service.start(START - 1)
    for offset in range(120):
        agents = Top()
        agents.count(["Mozilla/5.0"] * 5 + ["Opera/9"] * 5)
        if offset >= 60:
            agents.count(["GPTBot/1.0"] * 10 + ["GPTBot/1.1"] * 11 + ["GPTBot/1.2"] * 9)
        second = START + offset
        exact = Exact({("nginx", "-", "GET", "200", "/"): [agents.total, 0]})
        tops = {("user_agent", False): agents}
        service.add(Delta({second: exact}, {second - second % 10: Bounded(tops)}))
        service.advance(second)
    [one] = finished(service.changes(Question(START + 119, 60)))
    assert one == Evidence("user_agent", "GPTBot/1.1", 1.0, 0.0, "AI bot GPTBot")


def test_no_piece_of_a_comparison_reads_more_than_a_frame() -> None:
    """Whoever asks can stop between any two frames."""
    service = run(CALM, {**CALM, ("/login", "401", "evil"): 30})
    pieces = list(service.changes(Question(START + 119, 60)))
    assert len(pieces) > 20
    assert max(pieces) < 200
