"""What is worth telling: once, in pairs, and not all the time."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from portreeve.supervise.alert import Alert, AlertKind
from portreeve.supervise.alert_book import BURST, WINDOW, Told, due, note

LOST, RESTORED, GAVE_UP = AlertKind.LOST, AlertKind.RESTORED, AlertKind.GAVE_UP
DEGRADED, RECOVERED = AlertKind.DEGRADED, AlertKind.RECOVERED


def alert(kind: AlertKind, at: float = 0.0) -> Alert:
    return Alert(kind, "container:db", f"it is {kind}", at=at)


def told_of(*kinds: AlertKind, told: Told = Told()) -> list[AlertKind]:  # noqa: B008
    """What is told when these happen, an hour apart."""
    sent = []
    for hour, kind in enumerate(kinds):
        told, tells = note(told, alert(kind, hour * 3600.0))
        sent += [tells.kind] if tells else []
    return sent


def test_a_loss_is_told_once_and_so_is_the_return() -> None:
    assert told_of(RESTORED, LOST, LOST, LOST, RESTORED, RESTORED, LOST) == [LOST, RESTORED, LOST]


def test_what_never_worked_is_not_lost() -> None:
    assert told_of(LOST, LOST) == []


def test_that_something_works_at_first_sight_is_nothing_to_tell() -> None:
    assert told_of(RESTORED) == []


def test_giving_up_is_told_after_the_loss_and_without_one() -> None:
    assert told_of(RESTORED, LOST, GAVE_UP, GAVE_UP, LOST, RESTORED) == [LOST, GAVE_UP, RESTORED]
    assert told_of(GAVE_UP) == [GAVE_UP]


def test_a_host_that_is_short_at_first_sight_is_told() -> None:
    assert told_of(DEGRADED, DEGRADED, RECOVERED, RECOVERED, DEGRADED) == [DEGRADED, RECOVERED, DEGRADED]


def flapping(times: int, gap: float = 1.0) -> tuple[Told, list[Alert]]:
    told, sent = Told(kind=RESTORED), []
    for turn in range(times):
        told, tells = note(told, alert(RESTORED if turn % 2 else LOST, turn * gap))
        sent += [tells] if tells else []
    return told, sent


def test_a_subject_that_flaps_is_told_a_few_times_and_then_summed_up_once() -> None:
    told, sent = flapping(40)
    assert [each.kind for each in sent] == [LOST, RESTORED, LOST, RESTORED]
    assert due(told, WINDOW - 0.1) == (told, None)
    told, summary = due(told, WINDOW)
    assert summary is not None
    assert (summary.kind, summary.flapped) == (RESTORED, 35)
    assert due(told, 10 * WINDOW)[1] is None


def test_the_text_of_a_summary_says_how_often() -> None:
    _, summary = due(flapping(40)[0], WINDOW)
    assert summary is not None
    assert str(summary.to_json()["text"]).endswith("(after 35 changes that were not told)")


def test_giving_up_is_told_whatever_the_limit() -> None:
    told, _ = flapping(41)
    told, sent = note(told, alert(GAVE_UP, 41.0))
    assert sent is not None
    assert (sent.kind, sent.flapped) == (GAVE_UP, 37)
    assert due(told, 10 * WINDOW)[1] is None


def test_a_clock_that_was_set_back_does_not_silence_anything() -> None:
    told = Told(kind=RESTORED, sent=(9e9,) * BURST)
    assert note(told, alert(LOST, 1e9))[1] is not None


kinds = st.sampled_from([LOST, RESTORED, GAVE_UP])
happenings = st.lists(st.tuples(kinds, st.floats(0, 200, allow_nan=False)), max_size=60)


def play(steps: list[tuple[AlertKind, float]]) -> tuple[Told, list[Alert], list[float]]:
    told, now, sent, times = Told(), 0.0, [], []
    for kind, gap in steps:
        now += gap
        told, before = due(told, now)
        told, after = note(told, alert(kind, now))
        tells = [each for each in (before, after) if each]
        sent += tells
        times += [now] * len(tells)
    return told, sent, times


@given(happenings)
def test_nothing_is_told_more_often_than_the_limit_but_for_giving_up(
    steps: list[tuple[AlertKind, float]],
) -> None:
    _, sent, times = play(steps)
    limited = [at for each, at in zip(sent, times, strict=True) if each.kind is not GAVE_UP]
    for first, last in zip(limited, limited[BURST:], strict=False):
        assert last - first >= WINDOW


@given(happenings)
def test_what_was_told_last_is_what_is_so_once_all_held_back_is_told(
    steps: list[tuple[AlertKind, float]],
) -> None:
    told, sent, _ = play(steps)
    told, last = due(told, 1e6)
    sent += [last] if last else []
    assert told.held is None
    if sent:
        assert sent[-1].kind is told.kind


@given(happenings)
def test_every_change_is_told_or_counted(steps: list[tuple[AlertKind, float]]) -> None:
    changes, kind = 0, Told()
    for name, _ in steps:
        after, _ = note(kind, alert(name))
        good_at_first = kind.kind is None and name is RESTORED
        changes += after.kind is not kind.kind and not good_at_first
        kind = replace(after, sent=(), held=None, flapped=0)
    told, sent, _ = play(steps)
    _, last = due(told, 1e6)
    sent += [last] if last else []
    assert len(sent) + sum(each.flapped for each in sent) == changes
