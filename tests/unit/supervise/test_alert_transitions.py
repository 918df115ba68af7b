"""What two looks give to tell, before it is asked what was told already."""

import pytest

from portreeve.errors import Reason
from portreeve.reconcile.status import DockerStatus, Trouble
from portreeve.supervise.alert import Alert, AlertKind
from portreeve.supervise.alert_transitions import (
    DOCKER_PATIENCE,
    container_alerts,
    docker_alerts,
    host_alerts,
    service_alerts,
)
from portreeve.supervise.pressure import Pressure, Strain, StrainKind
from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

NOW = 1000.0


def container(
    state: ContainerState, *, wanted: str = "", gave_up: bool = False, autostart: bool = True
) -> ContainerStatus:
    return ContainerStatus(
        "db",
        state=state,
        evidence="seen so",
        wanted=wanted,
        gave_up=gave_up,
        autostart=autostart,
        docker_status="seen",
    )


def service(state: ServiceState, *, gave_up: bool = False) -> ServiceStatus:
    return ServiceStatus("mcsm", unit="mcsm.service", state=state, evidence="seen so", gave_up=gave_up)


def kinds(alerts: tuple[Alert, ...]) -> list[AlertKind]:
    return [alert.kind for alert in alerts]


READY = container(ContainerState.READY)
STATES_OF_A_LOSS = set(ContainerState) - {
    ContainerState.READY,
    ContainerState.UNKNOWN,
    ContainerState.STOPPING,
}


@pytest.mark.parametrize("state", sorted(STATES_OF_A_LOSS))
def test_what_was_ready_and_is_anything_else_was_lost(state: ContainerState) -> None:
    assert kinds(container_alerts(READY, container(state), NOW)) == [AlertKind.LOST]


@pytest.mark.parametrize("state", sorted(STATES_OF_A_LOSS))
def test_what_an_administrator_stopped_was_not_lost(state: ContainerState) -> None:
    assert container_alerts(READY, container(state, wanted="down"), NOW) == ()


@pytest.mark.parametrize("state", sorted(STATES_OF_A_LOSS))
def test_the_first_sight_of_a_container_is_no_loss(state: ContainerState) -> None:
    assert container_alerts(None, container(state), NOW) == ()


def test_a_docker_that_is_away_is_no_loss_of_a_container() -> None:
    assert container_alerts(READY, container(ContainerState.UNKNOWN), NOW) == ()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ContainerState.EXITED, []),
        (ContainerState.CREATED, []),
        (ContainerState.STARTING, []),
        (ContainerState.RUNNING, []),
        (ContainerState.UNREADY, [AlertKind.LOST]),
        (ContainerState.RESTARTING, [AlertKind.LOST]),
        (ContainerState.FAILED_TO_START, [AlertKind.LOST]),
        (ContainerState.ABSENT, [AlertKind.LOST]),
    ],
)
def test_after_docker_came_back_only_what_does_not_get_up_is_lost(
    state: ContainerState, told: list[AlertKind]
) -> None:
    assert kinds(container_alerts(container(ContainerState.UNKNOWN), container(state), NOW)) == told


def test_after_docker_came_back_what_nobody_starts_is_lost() -> None:
    exited = container(ContainerState.EXITED, autostart=False)
    assert kinds(container_alerts(container(ContainerState.UNKNOWN), exited, NOW)) == [AlertKind.LOST]


def test_what_is_given_up_says_so_and_what_to_do() -> None:
    (alert,) = container_alerts(None, container(ContainerState.EXITED, gave_up=True), NOW)
    assert (alert.kind, alert.subject, alert.what, alert.evidence, alert.hint, alert.at) == (
        AlertKind.GAVE_UP,
        "container:db",
        "container db was given up: it is exited",
        "seen so",
        "repair its cause, then `portreeve containers reset db`",
        NOW,
    )


def test_a_loss_says_what_to_do() -> None:
    unready = container(ContainerState.UNREADY)
    (alert,) = container_alerts(READY, unready, NOW)
    assert alert.hint == "`portreeve explain container:db` tells more"
    trouble = Trouble(Reason.NOT_YET, "what", hint="do this")
    (alert,) = container_alerts(READY, ContainerStatus("db", state=unready.state, trouble=trouble), NOW)
    assert (alert.hint, alert.evidence) == ("do this", "what")


def test_a_container_nobody_declared_is_nothing_to_tell() -> None:
    assert container_alerts(READY, ContainerStatus("x", declared=False, gave_up=True), NOW) == ()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ServiceState.ACTIVE, [AlertKind.RESTORED]),
        (ServiceState.UNREADY, [AlertKind.LOST]),
        (ServiceState.FAILED, [AlertKind.LOST]),
        (ServiceState.ABSENT, [AlertKind.LOST]),
        (ServiceState.STARTING, []),
        (ServiceState.STOPPED, []),
        (ServiceState.MASKED, []),
        (ServiceState.UNKNOWN, []),
    ],
)
def test_what_is_told_of_a_service_that_was_active(state: ServiceState, told: list[AlertKind]) -> None:
    assert kinds(service_alerts(service(ServiceState.ACTIVE), service(state), NOW)) == told


def test_a_service_that_is_given_up_says_what_to_do() -> None:
    (alert,) = service_alerts(None, service(ServiceState.FAILED, gave_up=True), NOW)
    assert alert.kind is AlertKind.GAVE_UP
    assert alert.hint == "repair its cause, then `systemctl restart mcsm.service`"
    assert service_alerts(None, service(ServiceState.STOPPED, gave_up=True), NOW) == ()


def docker(state: str, since: float = NOW) -> DockerStatus:
    return DockerStatus(state, evidence="no answer", since=since)


@pytest.mark.parametrize("state", ["down", "hung", "version-refused", "error"])
def test_a_docker_that_was_up_is_lost_at_once_and_at_a_slow_boot_after_a_while(state: str) -> None:
    assert kinds(docker_alerts(docker("up"), docker(state), NOW)) == [AlertKind.LOST]
    assert docker_alerts(None, docker(state), NOW) == ()
    assert docker_alerts(docker(state), docker(state), NOW + DOCKER_PATIENCE - 1) == ()
    assert kinds(docker_alerts(docker(state), docker(state), NOW + DOCKER_PATIENCE)) == [AlertKind.LOST]


def test_a_docker_that_answers_is_back_and_one_that_nobody_needs_is_nothing() -> None:
    assert kinds(docker_alerts(docker("down"), docker("up"), NOW)) == [AlertKind.RESTORED]
    assert docker_alerts(docker("up"), docker("unused"), NOW + 999) == ()


def test_each_kind_of_strain_is_a_subject_of_its_own() -> None:
    full = Strain(StrainKind.DISK, 1.0, 3.0, "it is full", where="/d")
    told = {alert.subject: alert for alert in host_alerts(Pressure((full,)), NOW)}
    assert sorted(told) == [
        "host:cpu-stall",
        "host:disk",
        "host:io-stall",
        "host:memory",
        "host:memory-stall",
    ]
    assert (told["host:disk"].kind, told["host:disk"].evidence) == (AlertKind.DEGRADED, "it is full")
    assert all(alert.kind is AlertKind.RECOVERED for name, alert in told.items() if name != "host:disk")
