"""What ``portreeve doctor`` finds."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from fakes.board_agent import BoardAgent, container, service, sync
from portreeve.cli import examine_agent, examine_host, examine_state, examine_units
from portreeve.cli.doctor import report
from portreeve.cli.findings import Finding, Level, fail, ok, warn
from portreeve.errors import Reason
from portreeve.paths import Paths
from portreeve.process import Completed
from portreeve.reconcile.status import DockerStatus, State, Trouble
from portreeve.reconcile.store import Store
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ServiceState

from .conftest import Portreeve


def levels(findings: list[Finding]) -> dict[str, Level]:
    return {finding.name: finding.level for finding in findings}


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_finding_is_a_line_and_its_remedy_another() -> None:
    findings = [ok("python", "3.11.7"), warn("disk", "100 MiB free", "make room"), fail("a", "b", "c")]
    assert (
        click.unstyle("\n".join(report(findings)))
        == """\
ok    python  3.11.7
warn  disk    100 MiB free
              make room
fail  a       b
              c"""
    )


def test_it_works_without_the_agent(portreeve: Portreeve) -> None:
    code, out, _ = portreeve("doctor", "--output", "json")
    found = {entry["name"]: entry for entry in json.loads(out)}
    assert code == 1
    assert found["agent"]["level"] == "fail"
    assert found["agent"]["remedy"] == "systemctl status portreeve"
    assert found["state"]["level"] == "fail"
    assert found["units"]["level"] == "fail"
    assert found["python"]["level"] == "ok"


def test_units_are_found_where_systemd_looks(paths: Paths) -> None:
    write(paths.units / "portreeve.service")
    assert "portreeve-sync@.service" in examine_host.units(paths).what
    write(paths.root / "usr/lib/systemd/system/portreeve-sync@.service")
    write(paths.root / "run/systemd/system/portreeve-container@.service")
    assert examine_host.units(paths).level is Level.OK


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("enabled", [Level.OK]),
        ("disabled", [Level.WARN]),
        ("masked", [Level.FAIL]),
        ("masked-runtime", [Level.FAIL]),
        ("Failed to get unit file state for portreeve.service: No such file or directory", []),
        ("", []),
    ],
)
def test_an_agent_that_is_not_started_at_the_boot_is_told(word: str, levels: list[Level]) -> None:
    answer = Completed(("systemctl", "is-enabled", "portreeve.service"), 1, f"{word}\n")
    assert [finding.level for finding in examine_host.boot(answer)] == levels


def test_few_inotify_watches_are_told_with_the_remedy(paths: Paths) -> None:
    write(paths.root / "max_user_watches", "100\n")
    write(paths.root / "max_user_instances", "128\n")
    found = examine_host.inotify(paths.root)
    assert (found.level, found.what) == (Level.WARN, "max_user_watches is 100")
    assert found.remedy.startswith("sysctl fs.inotify.max_user_watches=8192")


def test_a_state_folder_that_others_can_write_fails(paths: Paths) -> None:
    paths.state.mkdir(parents=True)
    paths.state.chmod(0o777)
    assert examine_host.state(paths).level is Level.FAIL
    paths.state.chmod(0o700)
    assert examine_host.state(paths).level is Level.OK


def test_each_file_system_is_looked_at_once(paths: Paths) -> None:
    found = examine_host.disks(paths, [f"{paths.root}/etc/a/b", f"{paths.root}/etc/c", "/proc/x"])
    assert len(found) == 2


def test_a_docker_socket_is_a_socket(paths: Paths) -> None:
    file = paths.root / "docker.sock"
    assert examine_host.docker_socket(file).level is Level.WARN
    write(file)
    assert examine_host.docker_socket(file).level is Level.FAIL
    file.unlink()
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(file))
    assert examine_host.docker_socket(file).level is Level.OK


def test_an_agent_that_is_well(paths: Paths) -> None:
    assert set(levels(list(examine_agent.answered(BoardAgent(sync("a")).overview()))).values()) == {Level.OK}


def test_what_the_agent_tells_of_itself_and_of_docker() -> None:
    agent = BoardAgent(sync("a", State.OVERDUE, trouble=Trouble(Reason.FILE_ABSENT, "no file")))
    agent.ready = False
    agent.docker = DockerStatus("hung", evidence="no answer for 5 s")
    agent.problems = ({"file": "/x", "line": 1, "message": "m", "hint": ""},)
    assert levels(list(examine_agent.answered(agent.overview()))) == {
        "agent": Level.WARN,
        "docker": Level.FAIL,
        "definitions": Level.FAIL,
        "sync a": Level.WARN,
    }


def test_containers_and_services_that_should_be_seen_to_are_named() -> None:
    agent = BoardAgent(sync("a"))
    loops = "it keeps ending, and Docker has restarted it 3 times"
    agent.containers.post(container("db", ContainerState.RESTARTING, evidence=loops))
    agent.containers.post(container("slow", ContainerState.STARTING))
    agent.containers.post(container("left", ContainerState.UNREADY, autostart=False))
    agent.services.post(service("daemon", ServiceState.FAILED, gave_up=True))
    agent.pressure = ("4 % of memory is available",)
    found = {finding.name: finding for finding in examine_agent.answered(agent.overview())}
    assert found["definitions"].what == "1 sync, 3 containers, 1 service, no problems"
    assert [name for name, finding in found.items() if finding.level is Level.WARN] == [
        *("container db", "service daemon", "pressure")
    ]
    assert found["container db"].what == f"restarting: {loops}"
    assert found["container db"].remedy == "portreeve explain container:db"
    assert found["service daemon"].what == "failed, given up"


@pytest.mark.usefixtures("server")
def test_the_command_asks_the_agent(agent: BoardAgent, portreeve: Portreeve) -> None:
    agent.board.post(sync("a", targets=("/etc/hostname",)))
    out = portreeve("doctor")[1]
    assert "agent" in out
    assert "is ready" in out


def test_a_state_file_that_is_well_damaged_newer_or_not_there(paths: Paths) -> None:
    assert list(examine_state.state_file(paths)) == []
    paths.state.mkdir(parents=True)
    Store(paths.database).close()
    assert levels(list(examine_state.state_file(paths))) == {"state file": Level.OK}
    with closing(sqlite3.connect(paths.database)) as file:
        file.execute("PRAGMA user_version = 99")
    (newer,) = examine_state.state_file(paths)
    assert (newer.level, "newer portreeve" in newer.what) == (Level.FAIL, True)
    paths.database.write_bytes(b"garbage" * 1000)
    (damaged,) = examine_state.state_file(paths)
    assert (damaged.level, "not a database" in damaged.what) == (Level.FAIL, True)


def test_a_service_whose_drop_in_is_not_installed_is_named_with_the_command_for_it(
    paths: Paths, portreeve: Portreeve
) -> None:
    assert examine_units.drop_ins(paths) == []
    service = paths.root / "etc/portreeve/services.d/daemon.toml"
    write(service, 'unit = "mcsm-daemon.service"\nrequires = ["docker"]\n')
    (found,) = examine_units.drop_ins(paths)
    assert (found.level, found.what) == (Level.WARN, "not as services.d says: mcsm-daemon.service")
    assert found.remedy.startswith("sudo portreeve units install")
    told = "the drop-in of mcsm-daemon.service is not as services.d says: sudo portreeve units install\n"
    assert portreeve("check")[1].endswith(told)
    assert portreeve("units", "install", "--program", "/usr/local/bin/portreeve")[0] == 0
    assert examine_units.drop_ins(paths) == [ok("drop-ins", "mcsm-daemon.service")]
    assert portreeve("check")[1] == "0 syncs, 1 service, 0 containers: no problems\n"
    write(service, 'unit = "mcsm-daemon.service"\nrequires = ["docker"]\nmemory_max = "1G"\n')
    assert [each.level for each in examine_units.drop_ins(paths)] == [Level.WARN]


def test_a_container_that_docker_starts_too_and_one_that_does_not_exist_are_named(
    agent: BoardAgent, paths: Paths
) -> None:
    agent.containers.post(container("db", autostart=True, restart_policy="always", container="shop-db"))
    agent.containers.post(container("typo", ContainerState.ABSENT, evidence="Docker lists no such container"))
    found = {each.name: each for each in examine_agent.answered(agent.overview())}
    assert "docker update --restart=no shop-db" in found["container db"].what
    assert found["container typo"].level is Level.WARN
