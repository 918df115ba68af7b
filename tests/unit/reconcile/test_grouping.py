"""Syncs that change together have one job for all of them: a hundred syncs, real workers."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd
from portreeve.clock import SYSTEM_CLOCK
from portreeve.definitions.locations import ContainerRef, HostFile
from portreeve.definitions.model import Sync, Target, Template
from portreeve.definitions.steps import ApplyStep, Exec, Reload, Restart
from portreeve.errors import Reason
from portreeve.reconcile.grouping import PATIENCE, DeferredError
from portreeve.reconcile.jobs import Jobs, Turn
from portreeve.reconcile.pace import MOST, WINDOW, Pace
from portreeve.reconcile.status import State
from portreeve.reconcile.workers import Pulse, Workers
from unit.reconcile.host import UNIT, Host

MANY = 100
PROXY = ContainerRef(name="proxy")
Eventually = Callable[[Callable[[], object], str], None]


class Watch:
    """How long something takes: on a host under load a hundred looks may."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def until(self, condition: Callable[[], object], what: str) -> None:
        while not condition():
            assert self.seconds < 60, f"after a minute it is still not so that {what}"
            threading.Event().wait(0.01)


def group(host: Host, size: int, *apply: ApplyStep) -> list[Sync]:
    """Syncs that are made of the same source and made effective by the same actions."""
    host.source.write_text("[web]\nport = 9000\n")
    syncs = []
    for number in range(size):
        target = HostFile(host.target.parent / f"{number}.conf")
        syncs.append(
            replace(
                host.sync,
                name=f"app{number}",
                targets=(Target(target, Template("app.conf.j2")),),
                apply=apply,
                verify=(),
            )
        )
    host.declare(*syncs)
    return syncs


@contextmanager
def working(host: Host) -> Iterator[None]:
    workers = Workers(host.queue, host.reconciler.work, Pulse(), 4)
    workers.start()
    try:
        yield
    finally:
        assert workers.stop(10)


def states(host: Host) -> Counter[State]:
    return Counter(status.state for status in host.board.snapshot().values())


def wake(host: Host, syncs: list[Sync]) -> None:
    for sync in syncs:
        host.queue.add(sync.name)


@pytest.fixture
def host(host: Host) -> Host:
    """With a clock that runs, since workers wait for it."""
    host.stop()
    host.start(clock=SYSTEM_CLOCK)
    return host


def contents(host: Host) -> set[str]:
    return {path.read_text() for path in host.target.parent.glob("*.conf")}


def change(host: Host, syncs: list[Sync], port: int) -> None:
    host.source.write_text(f"[web]\nport = {port}\n")
    wake(host, syncs)


@pytest.mark.parametrize("kind", [Reload, Restart])
def test_a_hundred_syncs_that_change_together_cause_three_jobs_at_most(
    host: Host, kind: type[Reload] | type[Restart]
) -> None:
    method = "ReloadUnit" if kind is Reload else "RestartUnit"
    syncs = group(host, MANY, kind(UNIT))
    with working(host):
        for port in (9000, 9001):
            before = host.manager.calls.count(f"{method} {UNIT}")
            host.grouping.pace = Pace(SYSTEM_CLOCK)
            watch = Watch()
            change(host, syncs, port)
            watch.until(lambda: contents(host) == {f"listen {port}\n"}, "all are written")  # noqa: B023
            watch.until(lambda: states(host)[State.IN_STEP] == MANY, "all are in step")
            jobs = host.manager.calls.count(f"{method} {UNIT}") - before
            assert 1 <= jobs <= MOST * (1 + watch.seconds // WINDOW)


def test_a_hundred_syncs_cause_few_commands_in_a_container(host: Host) -> None:
    syncs = group(host, MANY, Exec(PROXY, ("nginx", "-s", "reload")))
    with FakeDockerd(host.docker_socket) as dockerd:
        dockerd.containers = [FakeContainer("proxy", status="exited")]
        with working(host):
            watch = Watch()
            wake(host, syncs)
            watch.until(lambda: states(host)[State.WAITING] == MANY, "all wait for the container")
            assert dockerd.commands == []
            dockerd.containers[0].status = "running"
            watch = Watch()
            wake(host, syncs)
            watch.until(lambda: states(host)[State.IN_STEP] == MANY, "all are in step")
        assert 1 <= len(dockerd.commands) <= 2 + watch.seconds / PATIENCE


def test_a_reload_that_fails_is_told_to_each(host: Host, eventually: Eventually) -> None:
    syncs = group(host, 10, Reload(UNIT))
    with working(host):
        wake(host, syncs)
        eventually(lambda: states(host)[State.IN_STEP] == 10, "all are in step")
        host.unit.job_result = "failed"
        host.manager.calls.clear()
        change(host, syncs, 9001)
        eventually(lambda: states(host)[State.FAILED] == 10, "all have failed")
    reasons = {status.trouble.reason for status in host.board.snapshot().values() if status.trouble}
    assert reasons == {Reason.UNIT_JOB_FAILED}
    assert contents(host) == {"listen 9000\n"}, "each took its own content back"
    # One for the new contents, one for the old ones; a few more on a host under load.
    assert host.manager.calls.count(f"ReloadUnit {UNIT}") <= 6


def test_a_sync_that_was_written_after_the_job_began_is_not_served_by_it(
    host: Host, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    group(host, 2, Reload(UNIT))
    began, go_on = threading.Event(), threading.Event()
    reload = host.systemd.reload
    read: list[set[str]] = []

    def slow(unit: str, timeout: float) -> None:
        read.append(contents(host))
        began.set()
        assert go_on.wait(10)
        reload(unit, timeout)

    monkeypatch.setattr(type(host.systemd), "reload", lambda _, unit, timeout: slow(unit, timeout))
    with working(host):
        host.queue.add("app0")
        assert began.wait(10)
        host.queue.add("app1")
        second = Path(host.target.parent / "1.conf")
        eventually(second.exists, "the second is written while the unit reloads")
        go_on.set()
        eventually(lambda: states(host)[State.IN_STEP] == 2, "both are in step")
    assert len(read) == 2


def test_a_sync_alone_waits_for_nobody(host: Host) -> None:
    group(host, 1, Reload(UNIT))
    host.reconciler.work("app0")
    assert states(host) == {State.IN_STEP: 1}


def test_a_sync_waits_a_second_at_most_for_others(host: Host) -> None:
    group(host, 2, Reload(UNIT))
    host.queue.add("app1")
    host.reconciler.work("app0")
    assert states(host)[State.PENDING] >= 1
    assert f"ReloadUnit {UNIT}" not in host.manager.calls
    threading.Event().wait(1.05)
    host.reconciler.work("app0")
    assert f"ReloadUnit {UNIT}" in host.manager.calls


def test_who_gave_way_when_the_agent_was_killed_is_applied_after_its_start(host: Host) -> None:
    syncs = group(host, 2, Reload(UNIT))
    host.queue.add("app1")
    host.reconciler.work("app0")
    host.stop()
    host.start(clock=SYSTEM_CLOCK)
    host.declare(*syncs)
    host.reconciler.work("app0")
    assert states(host)[State.IN_STEP] == 1
    assert host.manager.calls.count(f"ReloadUnit {UNIT}") == 1


def test_who_asked_for_a_look_that_gave_way_waits_for_the_one_that_goes_on(host: Host) -> None:
    group(host, 2, Reload(UNIT))
    number = host.reconciler.ask("app0")
    host.queue.add("app1")
    host.reconciler.work("app0")
    status = host.board.get("app0")
    assert status is not None
    assert (status.state, status.runs > number) == (State.PENDING, False)
    host.queue.forget("app1")
    host.reconciler.work("app0")
    status = host.board.get("app0")
    assert status is not None
    assert (status.state, status.runs > number) == (State.IN_STEP, True)


def test_who_begins_to_wait_just_as_the_job_ends_goes_on_at_once(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouping, step = host.grouping, Reload(UNIT)
    began, end = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        end.wait(10)

    other = threading.Thread(target=lambda: grouping.once("a", grouping.way("a", 1), step, work))
    other.start()
    began.wait(10)
    ask = Jobs.turn

    def turn(jobs: Jobs, action: ApplyStep, since: int) -> Turn:
        answer = ask(jobs, action, since)
        end.set()
        other.join(10)
        return answer

    monkeypatch.setattr(Jobs, "turn", turn)
    with pytest.raises(DeferredError) as raised:
        grouping.once("b", grouping.way("b", 1), step, lambda: None)
    assert raised.value.delay == 0
