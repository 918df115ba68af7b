"""Has the units of the host follow a container; whatever comes of that, the container is kept up."""

import logging
from dataclasses import replace

from portreeve.containers.observed import Observed
from portreeve.errors import PortreeveError
from portreeve.reconcile.workers import Pulse
from portreeve.supervise.followers import Followers
from portreeve.supervise.memory import Memory
from portreeve.supervise.records import Records
from portreeve.supervise.state import ContainerState, Truth

log = logging.getLogger(__name__)

_LONGEST = 30.0
"""Seconds that systemd may take to answer; no job is waited for."""

_TELLS_NOTHING = (ContainerState.UNKNOWN, ContainerState.RUNNING)


class Following:
    """Tells the units that depend on a container how it stands.

    Args:
        followers: moves them; ``None`` where systemd does not run.
        records: where it is kept which of them fell.
        pulse: told what the worker does.
    """

    def __init__(self, followers: Followers | None, records: Records, pulse: Pulse) -> None:
        self._followers = followers
        self._records = records
        self._pulse = pulse

    def follow(self, name: str, memory: Memory, truth: Truth) -> bool:
        """Have the units of the host follow.

        Args:
            name: of the container's definition.
            memory: of the container.
            truth: what it amounts to.

        Returns:
            Whether they do; otherwise it is to be called again soon.
        """
        if self._followers is None or truth.state in _TELLS_NOTHING:
            return True
        record, run = self._records.get(name), _run_of(memory.seen)
        ready, known = truth.state is ContainerState.READY, record.unit_run == run
        if ready and known and memory.followed:
            return True
        if truth.state is ContainerState.STARTING and known:
            # An agent before this one saw it ready, and nothing speaks against that yet.
            return True
        if not ready:
            # Each time: who begins to wait for it meanwhile is remembered as well.
            move, run = self._followers.lost, ""
            record = replace(record, unit_run="")
        elif record.unit_run and not known:
            # It was lost and came back between two looks.
            move = self._followers.renewed
        else:
            move = self._followers.ready
        try:
            with self._pulse.step(f"container {name}: units", _LONGEST):
                for unit in (name, *sorted(memory.other_names)):
                    record = move(unit, record)
                    self._records.keep(record)
                self._records.keep(replace(record, unit_run=run))
        except PortreeveError as error:
            # A systemd that does not answer is no reason to leave the container itself down.
            log.warning("the units that depend on container %s do not follow it: %s", name, error)
            memory.followed = None
            return False
        memory.followed = ready
        return True


def _run_of(seen: Observed | None) -> str:
    return "" if seen is None else f"{seen.id} {seen.started_at}"
