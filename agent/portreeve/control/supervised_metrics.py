"""What monitoring is told of containers and guarded services."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from portreeve.supervise.state import ContainerState
from portreeve.supervise.status import ContainerStatus, ServiceState, ServiceStatus

Status = TypeVar("Status", ContainerStatus, ServiceStatus)


def container_metrics(containers: Sequence[ContainerStatus]) -> Iterator[Metric]:
    """The metrics of containers, declared and watched; by the name of the definition."""
    yield _samples("container_ready", "1 while it is ready.", containers, _is_ready)
    states = GaugeMetricFamily(
        "portreeve_container_state", "1 for the state that stands.", labels=["container", "state"]
    )
    for one in containers:
        for state in ContainerState:
            states.add_metric([one.name, state.value], float(one.state is state))
    yield states
    yield _samples(
        "container_since_timestamp_seconds", "When its state began.", containers, lambda one: one.since
    )
    yield _samples(
        "container_restarts",
        "Restarts within the window of its budget, by Docker and by portreeve.",
        containers,
        lambda one: one.restarts,
    )
    yield _samples("container_gave_up", "1 when nothing is tried any more.", containers, _gave_up)
    yield _looks("container", containers)


def service_metrics(services: Sequence[ServiceStatus]) -> Iterator[Metric]:
    """The metrics of guarded services."""
    yield _samples(
        "service_up",
        "1 while it runs and its probe holds.",
        services,
        lambda one: one.state is ServiceState.ACTIVE,
    )
    yield _samples(
        "service_restarts",
        "Restarts by portreeve within the window of its budget.",
        services,
        lambda one: one.restarts,
    )
    yield _samples("service_gave_up", "1 when nothing is tried any more.", services, _gave_up)
    yield _looks("service", services)


def _is_ready(status: ContainerStatus) -> float:
    return status.state is ContainerState.READY


def _gave_up(status: ContainerStatus | ServiceStatus) -> float:
    return status.gave_up


def _samples(noun: str, text: str, statuses: Sequence[Status], value: Callable[[Status], float]) -> Metric:
    family = GaugeMetricFamily(f"portreeve_{noun}", text, labels=[noun.partition("_")[0]])
    for status in statuses:
        family.add_metric([status.name], float(value(status)))
    return family


def _looks(kind: str, statuses: Sequence[ContainerStatus] | Sequence[ServiceStatus]) -> Metric:
    family = CounterMetricFamily(
        f"portreeve_{kind}_runs", f"How often the {kind} was looked at.", labels=[kind]
    )
    for status in statuses:
        family.add_metric([status.name], status.runs)
    return family
