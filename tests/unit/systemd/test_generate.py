"""The unit files that definitions lead to, judged by systemd itself."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.definitions.supervised import Budget, Service
from portreeve.errors import Failed, Misuse
from portreeve.systemd.boot_order import verify_generated
from portreeve.systemd.generate import generate
from portreeve.systemd.unit_file import UnitFile

PROGRAM = Path("/opt/portreeve/bin/portreeve")
analysed = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def declared(*services: Service) -> Definitions:
    by_name = {service.name: service for service in services}
    return Definitions(Settings(), {}, by_name, (), {}, (), ())


def service(name: str, unit: str, *requires: str, description: str = "why") -> Service:
    return Service(name, description, unit, requires, (Path(f"/etc/portreeve/services.d/{name}.toml"),))


def test_the_agents_own_units_are_always_there() -> None:
    assert set(generate(declared(), PROGRAM)) == {
        "portreeve.service",
        "portreeve-sync@.service",
        "portreeve-container@.service",
    }


def test_the_agent_outlives_docker() -> None:
    unit = UnitFile.parse(generate(declared(), PROGRAM)["portreeve.service"])
    assert unit.values("Unit", "Wants") == ("docker.service",)
    assert "docker.service" in unit.values("Unit", "After")
    assert not unit.values("Unit", "Requires")
    assert not unit.values("Unit", "BindsTo")


def test_the_agent_is_of_a_type_that_systemd_252_knows() -> None:
    unit = UnitFile.parse(generate(declared(), PROGRAM)["portreeve.service"])
    assert unit.values("Service", "Type") == ("notify",)
    assert unit.values("Service", "ExecStart") == (f"{PROGRAM} run",)


def test_a_started_sync_unit_is_a_sync_in_step() -> None:
    unit = UnitFile.parse(generate(declared(), PROGRAM)["portreeve-sync@.service"])
    assert unit.values("Service", "ExecStart") == (f"{PROGRAM} wait sync:%i --for in-step --timeout 10m",)
    assert unit.values("Service", "RemainAfterExit") == ("yes",)


def test_a_consumer_of_docker_is_ordered_and_not_bound() -> None:
    files = generate(declared(service("app", "app.service", "docker")), PROGRAM)
    unit = UnitFile.parse(files["app.service.d/50-portreeve.conf"])
    assert unit.sections == (("Unit", (("Wants", "docker.service"), ("After", "docker.service"))),)


def test_a_consumer_of_a_sync_requires_it() -> None:
    files = generate(declared(service("app", "app.service", "sync:cockpit")), PROGRAM)
    unit = UnitFile.parse(files["app.service.d/50-portreeve.conf"])
    needed = "portreeve-sync@cockpit.service"
    assert unit.sections == (("Unit", (("Requires", needed), ("After", needed))),)


def test_a_started_container_unit_is_a_ready_container() -> None:
    unit = UnitFile.parse(generate(declared(), PROGRAM)["portreeve-container@.service"])
    assert unit.values("Service", "ExecStart") == (f"{PROGRAM} wait container:%i --for ready --timeout 5m",)
    assert unit.values("Service", "TimeoutStartSec") == ("6min",)
    assert unit.values("Service", "RemainAfterExit") == ("yes",)


def test_a_container_unit_outlives_the_agent_and_is_started_as_often_as_it_has_to() -> None:
    unit = UnitFile.parse(generate(declared(), PROGRAM)["portreeve-container@.service"])
    assert unit.values("Unit", "Wants") == ("portreeve.service",)
    assert not unit.values("Unit", "Requires")
    assert unit.values("Unit", "StartLimitIntervalSec") == ("0",)


def test_a_consumer_of_a_container_stops_and_starts_with_it() -> None:
    files = generate(declared(service("app", "app.service", "container:db")), PROGRAM)
    unit = UnitFile.parse(files["app.service.d/50-portreeve.conf"])
    needed = "portreeve-container@db.service"
    assert unit.sections == (("Unit", (("Requires", needed), ("After", needed))),)


def test_a_container_whose_name_cannot_be_in_a_units_gets_no_file() -> None:
    with pytest.raises(Failed):
        generate(declared(service("app", "app.service", "container:a b")), PROGRAM)


def test_two_definitions_of_one_unit_share_its_drop_in() -> None:
    definitions = declared(service("a", "app.service", "docker"), service("b", "app.service", "sync:x"))
    unit = UnitFile.parse(generate(definitions, PROGRAM)["app.service.d/50-portreeve.conf"])
    assert unit.values("Unit", "After") == ("docker.service", "portreeve-sync@x.service")


def test_a_description_stays_in_its_comment() -> None:
    definitions = declared(service("a", "a.service", "docker", description="x\n[Service]\nExecStart=/bin/sh"))
    unit = UnitFile.parse(generate(definitions, PROGRAM)["a.service.d/50-portreeve.conf"])
    assert [name for name, _ in unit.sections] == ["Unit"]


@pytest.mark.parametrize("unit", ["../../etc/x.service", "x", "a b.service", "x.service\n"])
def test_what_is_no_unit_gets_no_file(unit: str) -> None:
    with pytest.raises(Failed):
        generate(declared(service("a", unit, "docker")), PROGRAM)


@pytest.mark.parametrize("program", ["portreeve", "/opt/my programs/portreeve", "/opt/%i/portreeve"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(program: str) -> None:
    with pytest.raises(Misuse):
        generate(declared(), Path(program))


def test_of_two_definitions_the_first_that_has_a_limit_decides_it() -> None:
    first = replace(service("a", "app.service", "docker"), memory_max=1024)
    second = replace(service("b", "app.service", "docker"), memory_max=2048, tasks_max=9)
    unit = UnitFile.parse(generate(declared(first, second), PROGRAM)["app.service.d/50-portreeve.conf"])
    assert unit.values("Service", "MemoryMax") == ("1024",)
    assert unit.values("Service", "TasksMax") == ("9",)


@pytest.mark.parametrize(("seconds", "text"), [(1.0, "1"), (0.25, "0.25"), (1_000_000.0, "1000000")])
def test_times_are_written_as_systemd_reads_them(seconds: float, text: str) -> None:
    guarded = replace(service("a", "a.service", "docker"), restart=Budget(backoff=(seconds, 1e6)))
    unit = UnitFile.parse(generate(declared(guarded), PROGRAM)["a.service.d/50-portreeve.conf"])
    assert unit.values("Service", "RestartSec") == (text,)


def test_a_budget_of_restarts_leaves_room_for_the_first_start() -> None:
    guarded = replace(service("a", "a.service", "docker"), restart=Budget(max=3, window=60.0))
    unit = UnitFile.parse(generate(declared(guarded), PROGRAM)["a.service.d/50-portreeve.conf"])
    assert unit.values("Unit", "StartLimitBurst") == ("4",)
    assert unit.values("Unit", "StartLimitIntervalSec") == ("60",)


@analysed
def test_systemd_accepts_everything_that_is_generated() -> None:
    definitions = declared(
        service("a", "systemd-tmpfiles-clean.service", "docker", "sync:cockpit", "container:db")
    )
    verify_generated(generate(definitions, Path("/bin/true")), 60)


@analysed
def test_a_consumer_that_starts_before_docker_is_an_ordering_cycle() -> None:
    files = dict(generate(declared(), Path("/bin/true")))
    files["sysinit.target.d/50-portreeve.conf"] = "[Unit]\nAfter=portreeve.service\n"
    with pytest.raises(Failed) as caught:
        verify_generated(files, 60)
    assert "ordering cycle" in caught.value.what
    assert "portreeve.service" in caught.value.evidence
