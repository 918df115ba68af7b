"""Checks before anything is replaced."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.systemd_manager import FakeManager, FakeUnit, fake_systemd
from portreeve.checks import before
from portreeve.checks.before import run_check
from portreeve.checks.listeners import Holder
from portreeve.containers.connection import Docker
from portreeve.definitions.settings import DockerSettings
from portreeve.definitions.steps import CheckStep, Command, PortFree, Units
from portreeve.errors import Failed, Reason
from portreeve.systemd.bus import Systemd

NOBODY = 65534
NO_DOCKER = Docker(DockerSettings(Path("/nonexistent/docker.sock")))
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")


def check(step: CheckStep, *moving: str, systemd: Systemd | None = None) -> None:
    run_check(step, moving=frozenset(moving), systemd=systemd, docker=NO_DOCKER, staged={})


def refusal(step: CheckStep, *moving: str, systemd: Systemd | None = None) -> Failed:
    with pytest.raises(Failed) as caught:
        check(step, *moving, systemd=systemd)
    return caught.value


@pytest.fixture
def port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[FakeManager]:
    with fake_systemd(tmp_path) as fake:
        yield fake


def held_by(monkeypatch: pytest.MonkeyPatch, *found: Holder) -> None:
    """Processes of units cannot be had without systemd; what /proc would show of them stands in."""
    monkeypatch.setattr(before, "holders", lambda _: found)


def test_a_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check(PortFree(str(port)))


def test_a_held_port_names_its_holder(port: str) -> None:
    error = refusal(PortFree(port), "cockpit.socket")
    assert error.reason is Reason.PORT_HELD
    assert error.evidence.startswith(f"port {port} is held by ")
    assert f"(pid {os.getpid()}" in error.evidence


def test_a_holder_that_may_not_be_seen_is_said_to_be_so(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held_by(monkeypatch)
    assert "cannot be named without root" in refusal(PortFree(port)).evidence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_root_a_foreign_holder_still_refuses(port: str) -> None:
    code = (
        "from portreeve.checks.before import run_check; from portreeve.definitions.steps import PortFree\n"
        "from portreeve.errors import Failed\nimport os\n"
        f"os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try:\n"
        f"    run_check(PortFree('{port}'), moving=frozenset(), systemd=None, docker=None, staged={{}})\n"
        "except Failed as error:\n    print(error.evidence)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert "cannot be named without root" in done.stdout


def test_a_port_held_by_the_unit_that_moves_is_free(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held_by(monkeypatch, Holder(7, "nginx", "nginx.service"))
    check(PortFree(port), "nginx.service")


def test_one_stranger_among_the_holders_is_enough(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held_by(monkeypatch, Holder(7, "nginx", "nginx.service"), Holder(8, "python3", "other.service"))
    error = refusal(PortFree(port), "nginx.service")
    assert error.evidence == f"port {port} is held by python3 (pid 8, unit other.service)"


@needs_bus
def test_pid_1_and_the_inheriting_service_move_with_their_socket_unit(
    port: str, monkeypatch: pytest.MonkeyPatch, manager: FakeManager
) -> None:
    manager.units["cockpit.socket"] = FakeUnit(
        listen=(("Stream", f"[::]:{port}"),), triggers=("cockpit.service",)
    )
    held_by(monkeypatch, Holder(1, "systemd", "init.scope"), Holder(9, "cockpit-tls", "cockpit.service"))
    check(PortFree(port), "cockpit.socket", systemd=Systemd(manager.address))


@needs_bus
def test_pid_1_holding_it_for_another_socket_unit_is_a_stranger(
    port: str, monkeypatch: pytest.MonkeyPatch, manager: FakeManager
) -> None:
    manager.units["other.socket"] = FakeUnit(listen=(("Stream", f"[::]:{port}"),))
    manager.units["cockpit.socket"] = FakeUnit(listen=(("Stream", "[::]:9090"),))
    held_by(monkeypatch, Holder(1, "systemd", "init.scope"))
    error = refusal(PortFree(port), "cockpit.socket", systemd=Systemd(manager.address))
    assert error.evidence == f"port {port} is held by systemd (pid 1, unit other.socket)"


@pytest.mark.parametrize("text", ["", "0", "65536", "http", "٣", "-1"])
def test_what_is_no_port_is_refused(text: str) -> None:
    assert refusal(PortFree(text)).reason is Reason.VALUE_INVALID


def test_a_command_that_accepts_is_a_check_that_holds() -> None:
    check(Command(("true",)))


def test_a_command_that_refuses_is_quoted() -> None:
    error = refusal(Command(("sh", "-c", "echo first; echo 'unexpected }' >&2; exit 3")))
    assert error.reason is Reason.CHECK_FAILED
    assert "exit status 3" in error.what
    assert error.evidence.endswith("unexpected }")


def test_a_command_that_does_not_exist_is_a_failure() -> None:
    assert "no such program" in refusal(Command(("/nonexistent/validator",))).what


def test_a_command_that_hangs_is_ended() -> None:
    assert "did not end in time" in refusal(Command(("sleep", "60"), timeout=0.2)).what


def test_staged_unit_files_are_judged_by_systemd(tmp_path: Path) -> None:
    file = tmp_path / "staged"
    file.write_text("[Service\n")
    with pytest.raises(Failed) as caught:
        run_check(
            Units(),
            moving=frozenset(),
            systemd=None,
            docker=NO_DOCKER,
            staged={Path("/etc/systemd/system/x.service"): file},
        )
    assert caught.value.reason is Reason.UNITS_INVALID
