"""An agent for the sockets' tests: a real board, and what it was asked, without anything behind it."""

import threading
from collections.abc import Mapping
from dataclasses import replace

from portreeve.control.names import unknown_sync
from portreeve.reconcile.board import Board
from portreeve.reconcile.status import DockerStatus, GenerationInfo, Overview, Preview, State, SyncStatus

STARTED = 1_700_000_000.0


class BoardAgent:
    """Implements the ``Agent`` protocol; a test posts statuses on its board as the reconciler would."""

    def __init__(self, *statuses: SyncStatus) -> None:
        self.board = Board()
        self.ready = True
        self.docker = DockerStatus("up", version="20.10.24", since=STARTED)
        self.problems: tuple[Mapping[str, str | int], ...] = ()
        self.previews: dict[str, Preview] = {}
        self.histories: dict[str, tuple[GenerationInfo, ...]] = {}
        self.after_request: dict[str, SyncStatus] = {}
        self.requests: list[tuple[object, ...]] = []
        self.asked = threading.Event()
        self.error: Exception | None = None
        self.refused: dict[str, Exception] = {}
        for status in statuses:
            self.board.post(status)

    def overview(self) -> Overview:
        _, statuses = self.board.snapshot()
        syncs = tuple(statuses[name] for name in sorted(statuses))
        return Overview("0.1.0", 4711, STARTED, self.ready, self.docker, syncs, self.problems)

    def sync_status(self, name: str) -> SyncStatus:
        if self.error is not None:
            raise self.error
        _, statuses = self.board.snapshot()
        if name not in statuses:
            raise unknown_sync(name, statuses)
        return statuses[name]

    def preview(self, name: str) -> Preview:
        self.sync_status(name)
        return self.previews[name]

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        self.sync_status(name)
        return self.histories.get(name, ())

    def request_sync(self, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append(("sync", *names))
        return self._work(names or tuple(self.board.snapshot()[1]))

    def request_hold(self, names: tuple[str, ...]) -> Mapping[str, int]:
        self.requests.append(("hold", *names))
        return self._work(names)

    def request_rollback(self, name: str, to: int | None) -> Mapping[str, int]:
        self.requests.append(("rollback", name, to))
        if name in self.refused:
            raise self.refused[name]
        return self._work((name,))

    def _work(self, names: tuple[str, ...]) -> Mapping[str, int]:
        """Answer as the reconciler does, whose work begins only after the request was taken."""
        before = {name: self.sync_status(name) for name in names}
        for name, status in before.items():
            if name in self.after_request:
                self.board.post(replace(self.after_request[name], runs=status.runs + 1))
        self.asked.set()
        return {name: status.runs for name, status in before.items()}


def sync(name: str, state: State = State.IN_STEP, **fields: object) -> SyncStatus:
    """A status with what a test does not care about filled in."""
    return replace(SyncStatus(name, state=state, since=STARTED, runs=1), **fields)  # type: ignore[arg-type]
