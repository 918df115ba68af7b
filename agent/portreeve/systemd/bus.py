"""Units over D-Bus: a job is judged by its own result, never by systemd having taken it.

``RestartUnit`` answers as soon as the job is queued and says nothing of how it ends; only the signal
``JobRemoved`` does (org.freedesktop.systemd1(5)).
"""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

from portreeve import process
from portreeve.errors import Failed, Reason
from portreeve.systemd.connection import BusError, Connection
from portreeve.systemd.manager_calls import (
    MANAGER,
    MANAGER_INTERFACE,
    call,
    conversation,
    properties,
    translate,
)
from portreeve.systemd.unit_life import UnitLife
from portreeve.systemd.unit_state import START_LIMIT_RESULTS, UnitState

_QUERY_TIMEOUT = 5.0
"""Seconds for a question; systemd answers in a millisecond, but not while it reloads."""

_START_LIMIT_WORDS = "Start request repeated too quickly"
_JOB_OK = frozenset({"done", "skipped"})
"""As systemctl judges: a skipped job had nothing to do in the unit's present state."""

_VERBS = {
    "RestartUnit": "restart",
    "ReloadUnit": "reload",
    "ReloadOrRestartUnit": "reload or restart",
    "StartUnit": "start",
    "StopUnit": "stop",
}


def systemd_running() -> bool:
    """Whether systemd is PID 1 here, by the test of sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


class Systemd:
    """The system manager.

    Every operation opens a connection of its own, so one object may be used by several threads.

    Args:
        address: ``SYSTEM`` for the system bus, or a D-Bus address (tests have their own daemon).
    """

    def __init__(self, address: str = "SYSTEM") -> None:
        self._address = address

    def restart(self, unit: str, timeout: float) -> None:
        """Stop and start a unit, and wait for the end of the job.

        Args:
            unit: the unit's full name.
            timeout: seconds for the whole of it.

        Raises:
            Unreachable: there is no systemd to ask.
            Waiting: there is no such unit (yet).
            Refused: the caller may not do it.
            Failed: the unit is masked, was started too often, or did not come up; evidence says which.
        """
        self._job("RestartUnit", unit, timeout)

    def reload(self, unit: str, timeout: float) -> None:
        """Have a running unit read its configuration; arguments and errors as for :meth:`restart`."""
        self._job("ReloadUnit", unit, timeout)

    def start(self, unit: str, timeout: float) -> None:
        """Start a unit; arguments and errors as for :meth:`restart`."""
        self._job("StartUnit", unit, timeout)

    def stop(self, unit: str, timeout: float) -> None:
        """Stop a unit; arguments and errors as for :meth:`restart`."""
        self._job("StopUnit", unit, timeout)

    def reload_or_restart(self, unit: str, timeout: float) -> None:
        """Reload a unit that can be, restart any other; arguments and errors as for :meth:`restart`."""
        self._job("ReloadOrRestartUnit", unit, timeout)

    def start_soon(self, unit: str) -> None:
        """Have systemd start a unit, without waiting for it; a stop that is under way ends first.

        Args:
            unit: the unit's full name.

        Raises:
            Unreachable, Waiting, Refused, Failed: systemd does not take the job, as for :meth:`restart`.
        """
        self._queue("StartUnit", unit)

    def stop_soon(self, unit: str) -> None:
        """Have systemd stop a unit; as for :meth:`start_soon`."""
        self._queue("StopUnit", unit)

    def restart_soon(self, unit: str) -> None:
        """Have systemd stop and start a unit; as for :meth:`start_soon`."""
        self._queue("RestartUnit", unit)

    def enable(self, unit: str, timeout: float) -> bool:
        """Have a unit started at boot, as ``systemctl enable`` does; it is not started now.

        Args:
            unit: the unit's full name.
            timeout: seconds; systemd reads all unit files anew if something changed.

        Returns:
            whether the unit has anything to be enabled by (an ``[Install]`` section).

        Raises:
            Unreachable, Waiting, Refused, Failed: as for :meth:`restart`.
        """
        with self._connected(timeout) as connection:
            arguments = ([unit], False, False)
            installable, changes = call(connection, unit, "EnableUnitFiles", "asbb", arguments)
            if changes:
                call(connection, "systemd", "Reload", None, ())
        return bool(installable)

    def disable(self, unit: str, timeout: float) -> None:
        """Have a unit not started at boot, nor stopped now; arguments and errors as for :meth:`enable`."""
        with self._connected(timeout) as connection:
            (changes,) = call(connection, unit, "DisableUnitFiles", "asb", ([unit], False))
            if changes:
                call(connection, "systemd", "Reload", None, ())

    def reset_failed(self, unit: str) -> None:
        """Forget a unit's failure and its count of starts; errors as for :meth:`restart`.

        systemd forgets a unit itself that nothing refers to and that is inactive, so one that it does not
        know may well have a file, and be started.
        """
        with self._connected(_QUERY_TIMEOUT) as connection:
            try:
                connection.call(MANAGER, MANAGER_INTERFACE, "ResetFailedUnit", "s", (unit,))
            except BusError as error:
                if error.name.rpartition(".")[2] != "NoSuchUnit":
                    raise translate(error, unit) from error

    def daemon_reload(self, timeout: float) -> None:
        """Have systemd read all unit files anew; it answers when it has done so.

        Args:
            timeout: seconds; a host with many generators takes some.

        Raises:
            Unreachable: there is no systemd to ask, or it did not answer in time.
            Refused: the caller may not do it.
        """
        with self._connected(timeout) as connection:
            call(connection, "systemd", "Reload", None, ())

    def unit(self, name: str) -> UnitState:
        """What systemd knows of a unit; one that does not exist has ``load_state`` ``not-found``.

        Raises:
            Unreachable: there is no systemd to ask.
        """
        with self._connected(_QUERY_TIMEOUT) as connection:
            return UnitState.from_properties(properties(connection, name))

    def life(self, name: str) -> UnitLife:
        """More of what systemd knows of a unit; as for :meth:`unit`."""
        with self._connected(_QUERY_TIMEOUT) as connection:
            return UnitLife.from_properties(properties(connection, name))

    def stopped_with(self, name: str) -> list[UnitLife]:
        """A unit, and behind it all that systemd stops in the transaction that stops it, the nearest first.

        Raises:
            Unreachable: there is no systemd to ask.
        """
        with self._connected(_QUERY_TIMEOUT) as connection:
            names, lives = [name], []
            # It grows while it is walked.
            for unit in names:
                life = UnitLife.from_properties(properties(connection, unit))
                lives.append(life)
                names += [other for other in life.stops if other not in names]
        return lives

    def loaded_units(self, pattern: str) -> tuple[str, ...]:
        """Names of the units that systemd has loaded from a file, by a shell pattern.

        Raises:
            Unreachable: there is no systemd to ask.
        """
        with self._connected(_QUERY_TIMEOUT) as connection:
            (units,) = call(connection, pattern, "ListUnitsByPatterns", "asas", ([], [pattern]))
        return tuple(name for name, _, load_state, *_ in units if load_state == "loaded")

    def socket_units_listening(self, port: int) -> tuple[str, ...]:
        """Active socket units that listen on a TCP port; PID 1 holds the port for them.

        Raises:
            Unreachable: there is no systemd to ask.
        """
        with self._connected(_QUERY_TIMEOUT) as connection:
            (units,) = call(connection, "*.socket", "ListUnitsByPatterns", "asas", (["active"], ["*.socket"]))
            states = [UnitState.from_properties(properties(connection, entry[0])) for entry in units]
        return tuple(state.name for state in states if state.listens_on(port))

    def _queue(self, method: str, unit: str) -> None:
        with self._connected(_QUERY_TIMEOUT) as connection:
            call(connection, unit, method, "ss", (unit, "replace"))

    def _job(self, method: str, unit: str, timeout: float) -> None:
        began = time.time()
        with self._connected(timeout) as connection:
            # Without Subscribe systemd sends no signals; both must stand before the job does, since
            # a quick job's signal is sent before the reply that names the job.
            connection.match_signals(MANAGER_INTERFACE, "JobRemoved")
            call(connection, "systemd", "Subscribe", None, ())
            (job,) = call(connection, unit, method, "ss", (unit, "replace"))
            try:
                result = _result_of(connection, job)
            except TimeoutError:
                result = f"not ended after {timeout:g} s"
        if result not in _JOB_OK:
            self._raise_job_failed(method, unit, result, began)

    def _raise_job_failed(self, method: str, unit: str, result: str, began: float) -> NoReturn:
        verb = _VERBS[method]
        state = self.unit(unit)
        evidence = f"job {result}; {state.describe()}"
        lines = _journal_tail(unit, began)
        if lines:
            evidence = f"{evidence}\n{lines}"
        # A unit that had failed before keeps that result when it is then refused, so the words count too.
        if state.result in START_LIMIT_RESULTS or _START_LIMIT_WORDS in lines:
            raise Failed(
                Reason.UNIT_START_LIMIT,
                f"systemd refuses to start {unit}: it was started too often in a short time",
                evidence=evidence,
                hint=f"see why with `journalctl -u {unit}`, then `systemctl reset-failed {unit}`",
                step="apply",
            )
        raise Failed(
            Reason.UNIT_JOB_FAILED,
            f"{verb} of {unit} did not succeed",
            evidence=evidence,
            hint=f"`systemctl status {unit}` and `journalctl -u {unit}` tell more",
            step="apply",
        )

    def _connected(self, timeout: float) -> AbstractContextManager[Connection]:
        return conversation(self._address, timeout)


def _result_of(connection: Connection, job: str) -> str:
    while True:
        removed = connection.next_signal()
        if removed.body[1] == job:
            return str(removed.body[3])


def _journal_tail(unit: str, began: float) -> str:
    # What systemd has only just sent may not be in the files yet.
    process.run(["journalctl", "--sync"], timeout=2.0)
    query = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--lines=5", f"--unit={unit}"]
    completed = process.run([*query, f"--since=@{began:.3f}"], timeout=2.0)
    return completed.output.strip() if completed.ok else ""
