"""A hook that names no package ends after one look at each sync: apt waits for it, whatever was installed."""

from dataclasses import replace

from fakes.board_agent import STARTED, BoardAgent, sync
from portreeve.control.hook_stream import hook_progress
from portreeve.reconcile.status import State
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.pending import Hooked
from portreeve.upgrade.status import PackageStatus


def test_it_ends_with_the_first_look_although_a_sync_has_newly_failed() -> None:
    agent = BoardAgent(sync("a"), sync("b"))
    package = PackageStatus("", Event.TRIGGERED, since=STARTED, syncs=("a", "b"))
    agent.packages.post(package)
    hooked = Hooked(Mark("", Event.TRIGGERED), {"a": 1, "b": 1}, ())
    stream = hook_progress(agent, hooked, agent.board.snapshot(), timeout=10)
    assert next(stream) == {
        "hook": {"package": "", "event": "triggered", "syncs": ["a", "b"], "services": []}
    }
    next(stream), next(stream)
    agent.board.post(sync("a", runs=2))
    assert "sync" in (next(stream) or {})
    agent.board.post(sync("b", State.FAILED, runs=2))
    agent.packages.post(replace(package, unproved=("b",)))
    assert "sync" in (next(stream) or {})
    assert list(stream) == [{"result": "not-yet", "pending": ["b"], "kept": ""}]
