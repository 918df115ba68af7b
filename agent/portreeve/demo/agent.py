"""The demo's agent: a service made from the shipped unit, or a child in the foreground without systemd."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portreeve.clock import SYSTEM_CLOCK
from portreeve.demo.child import running, tail
from portreeve.demo.narrator import Narrator
from portreeve.demo.places import SERVICE, Places
from portreeve.errors import Failed, Reason
from portreeve.paths import ROOT_VARIABLE
from portreeve.process import run
from portreeve.systemd.bus import systemd_running

START_TIMEOUT = 60.0
PROGRAM = Path(sys.executable).with_name("portreeve")

# The unit as it is shipped, but for its name, its root, and the folders that systemd makes for it.
_DROP_IN = """\
[Service]
Environment={variable}={root}
RuntimeDirectory=
RuntimeDirectory=portreeve-demo
RuntimeDirectoryPreserve=no
StateDirectory=
"""


class RunningAgent(ABC):
    """An agent that was started for the demo."""

    @abstractmethod
    def show(self, narrator: Narrator) -> None:
        """Show what it tells systemd."""

    @abstractmethod
    def log(self) -> str:
        """The end of its log, for when something does not hold."""


@contextmanager
def agent(places: Places, narrator: Narrator) -> Iterator[RunningAgent]:
    """An agent that works on the demo's definitions, for the time of the block.

    Raises:
        Failed: it does not become ready.
    """
    began = SYSTEM_CLOCK.monotonic()
    with _service(places) if systemd_running() else _child(places, narrator) as started:
        milliseconds = (SYSTEM_CLOCK.monotonic() - began) * 1000
        narrator.fact("ready", f"after {milliseconds:.0f} ms: every sync was looked at once")
        yield started


class _Service(RunningAgent):
    def show(self, narrator: Narrator) -> None:
        command = ("systemctl", "show", "-p", "ActiveState,StatusText", SERVICE)
        narrator.command(" ".join(command), run(command, timeout=START_TIMEOUT).output)

    def log(self) -> str:
        return run(
            ("journalctl", "-q", "--no-pager", "-n", "15", "-o", "cat", "-u", SERVICE), timeout=START_TIMEOUT
        ).output


@contextmanager
def _service(places: Places) -> Iterator[RunningAgent]:
    shown = run((str(PROGRAM), "units", "show", "portreeve.service", "--program", str(PROGRAM)), timeout=60)
    if not shown.ok:
        raise Failed(Reason.UNITS_INVALID, shown.describe(), evidence=shown.output)
    unit = places.runtime_units / SERVICE
    drop_in = unit.with_name(f"{SERVICE}.d") / "demo.conf"
    drop_in.parent.mkdir(parents=True)
    unit.write_text(shown.output)
    drop_in.write_text(_DROP_IN.format(variable=ROOT_VARIABLE, root=places.root))
    try:
        run(("systemctl", "daemon-reload"), timeout=START_TIMEOUT)
        service = _Service()
        # Type=notify: this returns when the agent has said READY=1.
        started = run(("systemctl", "start", SERVICE), timeout=START_TIMEOUT)
        if not started.ok:
            raise Failed(Reason.UNIT_JOB_FAILED, started.describe(), evidence=service.log())
        yield service
    finally:
        remove_service(places)


def remove_service(places: Places) -> None:
    """Stop the demo's service and remove its unit, also after a demo that was killed."""
    unit = places.runtime_units / SERVICE
    drop_in = unit.with_name(f"{SERVICE}.d") / "demo.conf"
    if not (unit.exists() or drop_in.exists()):
        return
    run(("systemctl", "stop", SERVICE), timeout=START_TIMEOUT)
    unit.unlink(missing_ok=True)
    drop_in.unlink(missing_ok=True)
    drop_in.parent.rmdir()
    run(("systemctl", "daemon-reload"), timeout=START_TIMEOUT)
    run(("systemctl", "reset-failed", SERVICE), timeout=START_TIMEOUT)


class _Child(RunningAgent):
    def __init__(self, log: Path) -> None:
        self._log = log

    def show(self, narrator: Narrator) -> None:
        """Its messages are shown as they come."""

    def log(self) -> str:
        return tail(self._log)


class _Hearing:
    """Shows what the agent tells systemd, but not the same twice in a row."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._last = ""

    def __call__(self, assignment: str) -> None:
        if assignment != self._last:
            self._narrator.fact("sd_notify", assignment)
        self._last = assignment


@contextmanager
def _child(places: Places, narrator: Narrator) -> Iterator[RunningAgent]:
    log = places.folder / "agent.log"
    with running(
        (str(PROGRAM), "run"),
        log=log,
        socket=places.folder / "notify",
        hear=_Hearing(narrator),
        timeout=START_TIMEOUT,
        environment={ROOT_VARIABLE: str(places.root)},
    ):
        yield _Child(log)
