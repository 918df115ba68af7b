"""Carries out what was decided about a container, and believes nothing but what inspect says afterwards."""

from portreeve.containers import acting
from portreeve.containers.acting import grace
from portreeve.containers.connection import Docker
from portreeve.containers.networks import connect
from portreeve.containers.observed import Observed
from portreeve.definitions.supervised import ManagedContainer
from portreeve.errors import Reason, Waiting
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.decision import Action
from portreeve.supervise.remaking import Remaking

_MARGIN = 30.0
"""Seconds beyond what an action may take by itself: Docker waits for its network and its storage as well."""

_ANSWERS = 6
"""Times Docker's longest answer: inspect before and after, each twice that where the container is locked."""


class Acts:
    """What can be done with containers.

    Args:
        docker: to ask.
        pulse: told what the worker does, and how long that may take.
        remaking: makes again what removed itself.
    """

    def __init__(self, docker: Docker, pulse: Pulse, remaking: Remaking) -> None:
        self._docker = docker
        self._pulse = pulse
        self._remaking = remaking

    def carry_out(
        self,
        action: Action,
        declared: ManagedContainer,
        seen: Observed | None,
        networks: tuple[str, ...] = (),
    ) -> None:
        """Act, but for a recreation.

        Args:
            action: what to do.
            declared: the definition.
            seen: the container, a moment ago; ``None`` where it is to be made again.
            networks: to be connected to.

        Raises:
            DockerUnavailable: Docker does not answer.
            Waiting: the container is not in a state for it.
            Failed: Docker refused it, or it was done and inspect says otherwise.
        """
        timeout = longest(action, declared, seen, self._docker.settings.timeout)
        with self._pulse.step(f"container {declared.name}: {action}", timeout):
            if seen is None:
                self._remaking.make(declared)
                return
            match action:
                case Action.START:
                    self._remaking.complete(declared, seen)
                    acting.start(self._docker, seen, timeout=declared.start_timeout)
                case Action.STOP:
                    stop(self._docker, seen, declared.stop_timeout)
                case Action.RESTART:
                    acting.restart(
                        self._docker, seen, stop_timeout=declared.stop_timeout, timeout=declared.start_timeout
                    )
                case Action.UNPAUSE:
                    acting.unpause(self._docker, seen)
                case Action.CONNECT:
                    for network in networks:
                        connect(self._docker, seen, network)
                case Action.RECREATE | Action.MAKE:
                    raise AssertionError("it has steps of its own")


def stop(docker: Docker, seen: Observed, timeout: float | None) -> None:
    """Stop a container; one that removes itself when it ends is gone then, which is no error.

    Args:
        docker: to tell.
        seen: the container.
        timeout: seconds it gets to end before it is killed; ``None``: its own.

    Raises:
        DockerUnavailable, Failed, Waiting: as :func:`portreeve.containers.acting.stop`.
    """
    try:
        acting.stop(docker, seen, timeout=timeout)
    except Waiting as error:
        if not (seen.auto_remove and error.reason is Reason.CONTAINER_ABSENT):
            raise


def longest(action: Action, declared: ManagedContainer, seen: Observed | None, answer: float) -> float:
    """Seconds that an action may take.

    Args:
        action: what is done.
        declared: the definition.
        seen: the container, whose own time to end counts where the definition has none.
        answer: seconds that Docker may take for one answer; each action asks for a few.
    """
    ending = grace(None if seen is None else seen.stop_timeout, declared.stop_timeout)
    starting = declared.start_timeout
    times = {Action.START: starting, Action.MAKE: starting, Action.STOP: ending}
    own = times.get(action, starting + ending)
    return _MARGIN + own + _ANSWERS * answer
