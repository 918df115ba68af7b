"""What monitoring is told, in the text format of Prometheus; counted at the moment it is asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from portreeve.control.overview import Overview
from portreeve.control.supervised_metrics import container_metrics, service_metrics
from portreeve.reconcile.status import State, SyncStatus

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics(Collector):
    """The metrics of one agent, in a registry of their own: nothing that the library adds by itself.

    Args:
        overview: tells everything at one moment.
    """

    def __init__(self, overview: Callable[[], Overview]) -> None:
        self._overview = overview
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def render(self) -> bytes:
        """The metrics as text."""
        return generate_latest(self._registry)

    def describe(self) -> Iterator[Metric]:
        """Names are not announced beforehand: registering must not ask the agent for anything."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        now = self._overview()
        yield InfoMetricFamily("portreeve", "The agent that answers.", {"version": now.version})
        yield GaugeMetricFamily("portreeve_start_timestamp_seconds", "When the agent started.", now.started)
        yield GaugeMetricFamily("portreeve_ready", "1 once every sync was tried.", float(now.ready))
        yield GaugeMetricFamily(
            "portreeve_docker_up",
            "1 while Docker answers; 0 also when nothing needs it.",
            now.docker.state == "up",
        )
        yield GaugeMetricFamily(
            "portreeve_definition_problems", "Mistakes in definitions and templates.", len(now.problems)
        )
        yield GaugeMetricFamily(
            "portreeve_pending_packages",
            "Packages that are being changed, or whose change is not proved yet.",
            len(now.pending),
        )
        yield _states(now.syncs)
        yield _gauge(
            "since_timestamp_seconds", "When the sync's state began.", now.syncs, lambda one: one.since
        )
        yield _gauge(
            "attempts", "Tries since the sync was last in step.", now.syncs, lambda one: one.attempts
        )
        yield _gauge("generation", "The generation in force.", now.syncs, lambda one: one.generation)
        runs = CounterMetricFamily(
            "portreeve_sync_runs", "How often the sync was worked on.", labels=["sync"]
        )
        for sync in now.syncs:
            runs.add_metric([sync.name], sync.runs)
        yield runs
        yield from container_metrics(now.containers)
        yield from service_metrics(now.services)
        yield GaugeMetricFamily(
            "portreeve_pressure", "1 while the host is short of something.", float(bool(now.pressure))
        )


def _states(syncs: tuple[SyncStatus, ...]) -> Metric:
    family = GaugeMetricFamily(
        "portreeve_sync_state", "1 for the state that stands.", labels=["sync", "state"]
    )
    for sync in syncs:
        for state in State:
            family.add_metric([sync.name, state.value], float(sync.state is state))
    return family


def _gauge(
    noun: str, text: str, syncs: tuple[SyncStatus, ...], value: Callable[[SyncStatus], float | None]
) -> Metric:
    """A gauge with a sample for each sync that has the value."""
    family = GaugeMetricFamily(f"portreeve_sync_{noun}", text, labels=["sync"])
    for sync in syncs:
        number = value(sync)
        if number is not None:
            family.add_metric([sync.name], number)
    return family
