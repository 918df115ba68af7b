"""When a container is looked at again without any event. Pure."""

from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise.probing import Probing, next_probe_in
from portreeve.supervise.state import ContainerState, Truth
from portreeve.supervise.truth import look_again_in


def next_look(
    declared: ManagedContainer, probing: Probing, truth: Truth, observed: Observed | None, now: float
) -> float | None:
    """Seconds until time alone, or a probe, may change what it amounts to.

    Args:
        declared: its definition.
        probing: what its probes have come to.
        truth: what it amounts to.
        observed: the container; ``None`` when it is absent or Docker is away.
        now: wall-clock seconds.

    Returns:
        ``None`` when only an event can.
    """
    if observed is None or not observed.runs:
        return None
    starting = truth.state is not ContainerState.READY
    probed = next_probe_in(probing, declared.ready, starting=starting)
    return soonest(look_again_in(declared, observed, truth, now), probed)


def soonest(*delays: float | None) -> float | None:
    """The shortest of them; ``None`` where there is none."""
    return min((delay for delay in delays if delay is not None), default=None)
