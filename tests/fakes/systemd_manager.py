"""A small ``org.freedesktop.systemd1`` on a private message bus, in the real wire protocol.

It queues jobs and ends them as a test tells it to, including the orders that are hard to get from the real
one: the signal before the reply, a job that never ends, a manager that never answers.
"""

import os
import selectors
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Parser,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus import get_bus
from jeepney.io.blocking import prep_socket

_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="signal"/>
    <allow receive_type="method_return"/><allow receive_type="error"/>
  </policy>
</busconfig>
"""
_ERRORS = "org.freedesktop.systemd1."


@dataclass
class FakeUnit:
    """A unit, and how its jobs end."""

    load_state: str = "loaded"
    active_state: str = "active"
    sub_state: str = "running"
    result: str = "success"
    job_result: str = "done"
    later_job_results: list[str] = field(default_factory=list)
    unit_file_state: str = "static"
    listen: tuple[tuple[str, str], ...] = ()
    triggers: tuple[str, ...] = ()
    job: int = 0
    main_pid: int = 1 << 22
    """No process has it: it is beyond the kernel's own limit."""
    exit_status: int = 0
    auto_restarts: int = 0
    invocation: bytes = b"\x01"
    memory: int = (1 << 64) - 1
    restart_policy: str = "no"
    active_since: float = 0.0
    ended_at: float = 0.0
    required_by: tuple[str, ...] = ()
    wanted_by: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    drop_ins: tuple[Path, ...] = ()

    def properties(self, name: str) -> dict[str, tuple[str, Any]]:
        """As ``GetAll`` returns them; only what the agent reads."""
        return {
            "Id": ("s", name),
            "LoadState": ("s", self.load_state),
            "ActiveState": ("s", self.active_state),
            "SubState": ("s", self.sub_state),
            "UnitFileState": ("s", self.unit_file_state),
            "Result": ("s", self.result),
            "ControlGroup": ("s", f"/system.slice/{name}"),
            "MainPID": ("u", self.main_pid),
            "ExecMainStatus": ("i", self.exit_status),
            "NRestarts": ("u", self.auto_restarts),
            "InvocationID": ("ay", self.invocation),
            "MemoryCurrent": ("t", self.memory),
            "Restart": ("s", self.restart_policy),
            "ActiveEnterTimestamp": ("t", int(self.active_since * 1e6)),
            "InactiveEnterTimestamp": ("t", int(self.ended_at * 1e6)),
            "Job": ("(uo)", (self.job, "/")),
            "RequiredBy": ("as", list(self.required_by)),
            "WantedBy": ("as", list(self.wanted_by)),
            "Wants": ("as", list(self.wants)),
            "Listen": ("a(ss)", list(self.listen)),
            "Triggers": ("as", list(self.triggers)),
            "DropInPaths": ("as", list(map(str, self.drop_ins))),
        }


@dataclass
class FakeManager:
    """The manager's state; a test sets it and reads ``calls``."""

    address: str
    units: dict[str, FakeUnit] = field(default_factory=dict)
    signal_first: bool = False
    never_ends: bool = False
    never_answers: bool = False
    forge_from_elsewhere: bool = False
    calls: list[str] = field(default_factory=list)


@contextmanager
def message_bus(folder: Path) -> Iterator[str]:
    """A private dbus-daemon; yields its address."""
    configuration = folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(socket=folder / "bus.sock"))
    command = ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--print-address=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().strip()
        finally:
            daemon.terminate()


@contextmanager
def fake_systemd(folder: Path) -> Iterator[FakeManager]:
    """A manager that owns ``org.freedesktop.systemd1`` on a private bus."""
    with message_bus(folder) as address:
        manager = FakeManager(address)
        server = _Server(manager)
        thread = threading.Thread(target=server.serve, name="fake-systemd")
        thread.start()
        try:
            yield manager
        finally:
            server.stop()
            thread.join()
            server.close()


class _Peer:
    """A connection to the bus that can serve; jeepney's own classes only call."""

    def __init__(self, address: str) -> None:
        self.socket = prep_socket(get_bus(address))
        self._parser = Parser()
        self._serial = 0
        self.ask("Hello", None, ())

    def send(self, message: Message) -> int:
        self._serial += 1
        self.socket.sendall(message.serialise(serial=self._serial))
        return self._serial

    def ask(self, method: str, signature: str | None, body: tuple[Any, ...]) -> None:
        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        serial = self.send(new_method_call(bus, method, signature, body))
        while True:
            for message in self.receive():
                if message.header.fields.get(HeaderFields.reply_serial) == serial:
                    return

    def receive(self) -> list[Message]:
        self._parser.add_data(self.socket.recv(65536))
        return list(iter(self._parser.get_next_message, None))


class _Server:
    def __init__(self, manager: FakeManager) -> None:
        self._manager = manager
        self._peer = _Peer(manager.address)
        self._peer.ask("RequestName", "su", ("org.freedesktop.systemd1", 0))
        self._wake, self._waker = os.pipe()
        self._jobs = 0

    def serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._peer.socket, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            while not any(key.fd == self._wake for key, _ in selector.select()):
                for message in self._peer.receive():
                    if message.header.message_type is MessageType.method_call:
                        self._answer(message)

    def stop(self) -> None:
        os.write(self._waker, b"x")

    def close(self) -> None:
        os.close(self._wake)
        os.close(self._waker)
        self._peer.socket.close()

    def _answer(self, call: Message) -> None:
        if self._manager.never_answers:
            return
        method = call.header.fields[HeaderFields.member]
        self._manager.calls.append(" ".join([method, *(str(part) for part in call.body[:1])]))
        match method:
            case "ResetFailedUnit" if not self._in_memory(call.body[0]):
                self._error(call, "NoSuchUnit", f"Unit {call.body[0]} not loaded.")
            case "Subscribe" | "Reload" | "ResetFailedUnit":
                self._peer.send(new_method_return(call))
            case "EnableUnitFiles" | "DisableUnitFiles":
                self._install(call, method)
            case "LoadUnit":
                path = "/org/freedesktop/systemd1/unit/x" + call.body[0].encode().hex()
                self._peer.send(new_method_return(call, "o", (path,)))
            case "GetAll":
                name = bytes.fromhex(call.header.fields[HeaderFields.path].rpartition("/x")[2]).decode()
                unit = self._manager.units.get(name, FakeUnit("not-found", "inactive", "dead"))
                self._peer.send(new_method_return(call, "a{sv}", (unit.properties(name),)))
            case "ListUnitsByPatterns":
                rows = [
                    (name, "", unit.load_state, unit.active_state, unit.sub_state, "", "/", 0, "", "/")
                    for name, unit in self._manager.units.items()
                    if any(fnmatchcase(name, pattern) for pattern in call.body[1])
                    and unit.active_state in (call.body[0] or [unit.active_state])
                ]
                self._peer.send(new_method_return(call, "a(ssssssouso)", (rows,)))
            case _:
                self._job(call)

    def _install(self, call: Message, method: str) -> None:
        """A unit without an [Install] section is ``static``; one that is as wanted brings no changes."""
        (name,) = call.body[0]
        unit = self._manager.units.get(name)
        if unit is None:
            self._error(call, "NoSuchUnit", f"Unit file {name} does not exist.")
            return
        wanted = "enabled" if method.startswith("Enable") else "disabled"
        installable = unit.unit_file_state != "static"
        changes = []
        if installable and unit.unit_file_state != wanted:
            unit.unit_file_state = wanted
            link = f"/etc/systemd/system/multi-user.target.wants/{name}"
            changes = [("symlink" if wanted == "enabled" else "unlink", link, "")]
        if wanted == "enabled":
            self._peer.send(new_method_return(call, "ba(sss)", (installable, changes)))
        else:
            self._peer.send(new_method_return(call, "a(sss)", (changes,)))

    def _in_memory(self, name: str) -> bool:
        """systemd drops an inactive unit that nothing refers to, at once after it was looked at."""
        unit = self._manager.units.get(name)
        return unit is not None and unit.active_state != "inactive"

    def _job(self, call: Message) -> None:
        name = call.body[0]
        unit = self._manager.units.get(name)
        if unit is None:
            self._error(call, "NoSuchUnit", f"Unit {name} not found.")
        elif unit.load_state == "masked" and call.header.fields[HeaderFields.member] != "StopUnit":
            self._error(call, "UnitMasked", f"Unit {name} is masked.")
        else:
            self._jobs += 1
            job = f"/org/freedesktop/systemd1/job/{self._jobs}"
            reply = new_method_return(call, "o", (job,))
            caller = call.header.fields[HeaderFields.sender]
            other = self._removed("/org/freedesktop/systemd1/job/999", "other.service", "failed")
            if self._manager.forge_from_elsewhere:
                self._forge(caller, self._removed(job, name, "done"))
            if self._manager.never_ends:
                self._peer.send(reply)
                return
            end = self._removed(job, name, unit.job_result)
            if unit.later_job_results:
                unit.job_result = unit.later_job_results.pop(0)
            for message in (other, end, reply) if self._manager.signal_first else (reply, other, end):
                self._peer.send(message)

    def _removed(self, job: str, unit: str, result: str) -> Message:
        manager = DBusAddress("/org/freedesktop/systemd1", interface="org.freedesktop.systemd1.Manager")
        return new_signal(manager, "JobRemoved", "uoss", (int(job.rpartition("/")[2]), job, unit, result))

    def _forge(self, victim: str, signal: Message) -> None:
        """Another user of the bus says, to the caller alone, that the job went well."""
        forger = _Peer(self._manager.address)
        signal.header.fields[HeaderFields.destination] = victim
        forger.send(signal)
        forger.ask("GetId", None, ())
        forger.socket.close()

    def _error(self, call: Message, name: str, text: str) -> None:
        self._peer.send(new_error(call, _ERRORS + name, "s", (text,)))
