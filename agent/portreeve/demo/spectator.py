"""Watches the demo's sync by the agent's public socket, and the file that follows."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from portreeve.clock import SYSTEM_CLOCK
from portreeve.control import codec
from portreeve.control.client import Client
from portreeve.demo.agent import PROGRAM
from portreeve.demo.places import SYNC, Places
from portreeve.errors import Failed, Reason
from portreeve.paths import ROOT_VARIABLE
from portreeve.process import run
from portreeve.reconcile.status import State, SyncStatus

PATIENCE = 20.0
"""Seconds after which what is waited for will not come; the agent tries several times in it."""


class Spectator:
    """Sees what anybody on the host could see.

    Args:
        places: where the agent's sockets and the file are.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._client = Client(places.paths)

    def wait(self, done: Callable[[SyncStatus], bool], what: str) -> SyncStatus:
        """The sync's first status for which ``done`` holds, by the agent's stream of events.

        Raises:
            Failed: no such status came.
        """
        last = ""
        deadline = SYSTEM_CLOCK.monotonic() + PATIENCE
        for line in self._client.stream("/v1/events", silence=PATIENCE):
            if SYSTEM_CLOCK.monotonic() > deadline:
                break
            if "sync" not in line:
                continue
            status = codec.sync_status(line["sync"])
            if status.name == SYNC and done(status):
                return status
            last = json.dumps(line["sync"], indent=2)
        raise Failed(Reason.NOT_YET, f"{what} did not come", evidence=last)

    def wait_for_port(self, port: int) -> SyncStatus:
        """Wait until the sync is in step with this port.

        Raises:
            Failed: it did not get there.
        """
        return self.wait(
            lambda status: status.state is State.IN_STEP and status.values.get("port") == str(port),
            f"the port {port}",
        )

    def portreeve(self, *argv: str) -> str:
        """Run ``portreeve ARGV…`` against the demo's agent; what it printed."""
        environment = {ROOT_VARIABLE: str(self._places.root), "NO_COLOR": "1", "COLUMNS": "76"}
        return run((str(PROGRAM), *argv), timeout=PATIENCE, environment=environment).output

    def file(self) -> str | None:
        """The text of the file that follows; ``None`` when it does not exist."""
        try:
            return self._places.target.read_text()
        except FileNotFoundError:
            return None

    def delay(self, source: Path) -> float:
        """Milliseconds from the source's last write to the moment when the file was in place.

        Both are the kernel's times, of the same clock: a rename changes ctime (inode(7)).
        """
        written = source.stat().st_mtime_ns
        followed = os.stat(self._places.target, follow_symlinks=False).st_ctime_ns  # noqa: PTH116
        return (followed - written) / 1e6
