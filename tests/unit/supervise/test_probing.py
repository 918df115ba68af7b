"""Many probes, one verdict: what is needed to believe that something serves, or that it does not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import (
    CommandSucceeds,
    Condition,
    FileExists,
    HasExited,
    HttpAnswers,
    IsHealthy,
    IsRunning,
    LogSays,
    Probe,
    TcpConnects,
)
from portreeve.supervise.probing import ProbeResult, Probing, effective, next_probe_in

TCP = TcpConnects("db:5432")
HOLDS = ProbeResult(True, "it answers")
FAILS = ProbeResult(False, "it refuses")
CANNOT_BE_TOLD = ProbeResult(None, "Docker did not answer")

STARTED = 1000.0
GRACE = 60.0
LATER = STARTED + GRACE + 1

results = st.lists(st.sampled_from([HOLDS, FAILS, CANNOT_BE_TOLD]), max_size=40)
probes = st.builds(
    Probe,
    condition=st.just(TCP),
    failures=st.integers(1, 6),
    successes=st.integers(1, 6),
)


def begun() -> Probing:
    return Probing().of("id", STARTED, GRACE)


def fed(probing: Probing, probe: Probe, *told: ProbeResult, now: float = LATER) -> Probing:
    for result in told:
        probing = probing.after(result, probe, now)
    return probing


def test_one_that_holds_is_enough_to_be_ready_unless_more_are_wanted() -> None:
    assert fed(begun(), Probe(TCP), HOLDS).verdict is True
    assert fed(begun(), Probe(TCP, successes=2), HOLDS).verdict is None
    assert fed(begun(), Probe(TCP, successes=2), HOLDS, HOLDS).verdict is True


def test_what_was_ready_is_unready_only_after_so_many_failures_in_a_row() -> None:
    ready = fed(begun(), Probe(TCP), HOLDS)
    assert fed(ready, Probe(TCP), FAILS, FAILS).verdict is True
    assert fed(ready, Probe(TCP), FAILS, FAILS, HOLDS, FAILS, FAILS).verdict is True
    assert fed(ready, Probe(TCP), FAILS, FAILS, FAILS).verdict is False


def test_what_the_last_probe_saw_is_told_though_the_verdict_stands() -> None:
    doubted = fed(fed(begun(), Probe(TCP), HOLDS), Probe(TCP), FAILS)
    assert (doubted.verdict, doubted.evidence) == (True, "it refuses")


def test_nothing_is_unready_while_it_still_has_time_to_start() -> None:
    failing = fed(begun(), Probe(TCP), *[FAILS] * 50, now=STARTED + GRACE - 1)
    assert failing.verdict is None
    assert fed(failing, Probe(TCP), FAILS, now=STARTED + GRACE).verdict is False


def test_the_time_to_start_is_no_excuse_for_what_was_ready_already() -> None:
    soon = STARTED + 5
    assert fed(begun(), Probe(TCP), HOLDS, FAILS, FAILS, FAILS, now=soon).verdict is False


def test_after_a_restart_of_the_agent_one_failure_is_no_verdict_either() -> None:
    assert fed(begun(), Probe(TCP), FAILS, FAILS).verdict is None


@pytest.mark.parametrize("condition", [None, IsHealthy()])
def test_the_verdict_of_a_health_check_counts_at_once(condition: Condition | None) -> None:
    ready = fed(begun(), Probe(condition, successes=3), HOLDS)
    assert ready.verdict is True
    assert fed(ready, Probe(condition, failures=3), FAILS).verdict is False


def test_a_new_start_begins_anew_and_so_does_another_container() -> None:
    ready = fed(begun(), Probe(TCP), HOLDS)
    assert ready.of("id", STARTED, GRACE) == ready
    assert ready.of("id", STARTED + 1, GRACE) == Probing("id", STARTED + 1, STARTED + 1 + GRACE)
    assert ready.of("other", STARTED, GRACE) == Probing("other", STARTED, STARTED + GRACE)


def test_a_definition_that_changes_gives_another_time_to_start_and_keeps_what_is_known() -> None:
    ready = fed(begun(), Probe(TCP), HOLDS)
    assert ready.of("id", STARTED, 5.0).verdict is True
    assert ready.of("id", STARTED, 5.0).grace_until == STARTED + 5


def test_a_verdict_knows_since_when_it_holds() -> None:
    ready = fed(begun(), Probe(TCP), HOLDS, now=2000)
    assert fed(ready, Probe(TCP), HOLDS, FAILS, HOLDS, now=3000).since == 2000
    assert fed(ready, Probe(TCP), FAILS, FAILS, FAILS, now=3000).since == 3000


@settings(deadline=None)
@given(results, probes, st.lists(st.just(CANNOT_BE_TOLD), max_size=5))
def test_what_cannot_be_told_changes_nothing(
    told: list[ProbeResult], probe: Probe, silence: list[ProbeResult]
) -> None:
    before = fed(begun(), probe, *told)
    after = fed(before, probe, *silence)
    assert (after.verdict, after.failures, after.successes, after.since) == (
        before.verdict,
        before.failures,
        before.successes,
        before.since,
    )
    if before.verdict is not None:
        assert replace(after, silent=before.silent) == before


@settings(deadline=None)
@given(results, probes)
def test_a_verdict_falls_only_by_so_many_in_a_row(told: list[ProbeResult], probe: Probe) -> None:
    probing = begun()
    row: list[bool] = []
    for result in told:
        before, probing = probing, probing.after(result, probe, LATER)
        if result.ok is not None:
            row = [*row, result.ok] if row[-1:] in ([], [result.ok]) else [result.ok]
        if probing.verdict is not before.verdict:
            needed = probe.successes if probing.verdict else probe.failures
            assert len(row) >= needed
            assert set(row) == {probing.verdict}


@settings(deadline=None)
@given(probes.filter(lambda probe: probe.failures > 1 and probe.successes > 1), st.integers(0, 60))
def test_what_alternates_never_flaps(probe: Probe, length: int) -> None:
    ready = fed(begun(), probe, *[HOLDS] * probe.successes)
    probing = ready
    for number in range(length):
        probing = probing.after(FAILS if number % 2 else HOLDS, probe, LATER)
        assert probing.verdict is True
        assert probing.since == ready.since


@settings(deadline=None)
@given(results, probes, st.floats(0, 5000))
def test_nothing_is_ever_ready_without_a_probe_that_held(
    told: list[ProbeResult], probe: Probe, now: float
) -> None:
    probing = fed(begun(), probe, *told, now=now)
    if HOLDS not in told:
        assert probing.verdict is not True
    if FAILS not in told:
        assert probing.verdict is not False
    assert 0 in (probing.failures, probing.successes)


def test_while_it_starts_it_is_asked_soon_and_then_more_rarely() -> None:
    probe = Probe(TCP, interval=10)
    pauses = []
    probing = begun()
    for _ in range(6):
        pauses.append(next_probe_in(probing, probe, starting=True))
        probing = fed(probing, probe, FAILS, now=STARTED + 1)
    assert pauses == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


def test_what_never_tells_anything_is_asked_more_rarely_too() -> None:
    probe = Probe(TCP, interval=10)
    silent = fed(begun(), probe, *[CANNOT_BE_TOLD] * 5)
    assert next_probe_in(silent, probe, starting=True) == 2
    assert next_probe_in(fed(silent, probe, FAILS), probe, starting=True) == 0.5


def test_what_is_ready_is_asked_once_in_its_interval() -> None:
    assert next_probe_in(fed(begun(), Probe(TCP), HOLDS), Probe(TCP, interval=7), starting=False) == 7


@settings(deadline=None)
@given(st.integers(0, 10**9), st.floats(0.1, 3600), st.booleans())
def test_a_pause_is_never_longer_than_the_interval(failures: int, interval: float, starting: bool) -> None:
    pause = next_probe_in(Probing(failures=failures), Probe(TCP, interval=interval), starting=starting)
    assert pause is not None
    assert 0 < pause <= interval


@pytest.mark.parametrize("condition", [None, IsRunning(), IsHealthy(), HasExited(0)])
@pytest.mark.parametrize("starting", [True, False])
def test_what_docker_tells_by_itself_is_not_asked(condition: Condition | None, starting: bool) -> None:
    assert next_probe_in(begun(), Probe(condition), starting=starting) is None


@pytest.mark.parametrize(
    "condition", [TCP, HttpAnswers("http://x/"), FileExists("/x"), LogSays("x"), CommandSucceeds(("x",))]
)
def test_what_docker_does_not_tell_is_asked(condition: Condition) -> None:
    assert next_probe_in(begun(), Probe(condition), starting=False) is not None


def test_a_line_of_a_log_is_not_lost_when_the_log_is_rotated() -> None:
    probe = Probe(LogSays("ready"))
    said = fed(begun(), probe, HOLDS)
    assert said.settled(probe)
    assert fed(said, probe, FAILS, FAILS, FAILS) == said
    assert next_probe_in(said, probe, starting=False) is None
    assert not begun().settled(probe)
    assert not said.settled(Probe(TCP))


def test_without_a_condition_the_health_check_counts_where_there_is_one() -> None:
    plain = Observed("id", "db", "postgres", "running")
    checked = Observed("id", "db", "postgres", "running", has_health_check=True)
    assert effective(Probe(), plain) == IsRunning()
    assert effective(Probe(), checked) == IsHealthy()
    assert effective(Probe(TCP), checked) == TCP
