"""The unit files that definitions lead to, judged by systemd itself."""

import shutil
from pathlib import Path

import pytest

from portreeve.definitions.model import Definitions
from portreeve.definitions.settings import Settings
from portreeve.definitions.supervised import Service
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
    assert set(generate(declared(), PROGRAM)) == {"portreeve.service", "portreeve-sync@.service"}


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


@analysed
def test_systemd_accepts_everything_that_is_generated() -> None:
    definitions = declared(service("a", "systemd-tmpfiles-clean.service", "docker", "sync:cockpit"))
    verify_generated(generate(definitions, Path("/bin/true")), 60)


@analysed
def test_a_consumer_that_starts_before_docker_is_an_ordering_cycle() -> None:
    files = dict(generate(declared(), Path("/bin/true")))
    files["sysinit.target.d/50-portreeve.conf"] = "[Unit]\nAfter=portreeve.service\n"
    with pytest.raises(Failed) as caught:
        verify_generated(files, 60)
    assert "ordering cycle" in caught.value.what
    assert "portreeve.service" in caught.value.evidence
