"""Reads everything that decides what a sync wants to be in force now."""

from dataclasses import dataclass

from portreeve.containers.connection import Docker
from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Sync
from portreeve.reconcile.computed import with_computed
from portreeve.reconcile.converge import Desired
from portreeve.reconcile.desired import desired_content, shown
from portreeve.reconcile.memory import Memory
from portreeve.reconcile.record import Record
from portreeve.reconcile.store import Store
from portreeve.render.environment import Renderer
from portreeve.sources.interest import Interest
from portreeve.sources.read import read_sync
from portreeve.targets.locate import locate_target


@dataclass(frozen=True, slots=True)
class DesiredReader:
    """Reads values, computes others, and renders.

    Args:
        store: what is remembered.
        docker: where containers are found.
    """

    store: Store
    docker: Docker

    def read(
        self, sync: Sync, record: Record, memory: Memory, interest: Interest, renderer: Renderer
    ) -> Desired:
        """What should be in force.

        Args:
            sync: its definition.
            record: where the sync stands.
            memory: told what was read, as people may see it.
            interest: filled.
            renderer: renders its templates.

        Raises:
            PortreeveError: it cannot be known now.
        """
        readings = read_sync(sync, self.docker, interest)
        values = with_computed(sync, readings, renderer)
        memory.values = shown(sync, values)
        memory.defaulted = tuple(sorted(readings.defaulted))
        memory.left_out = readings.left_out
        places = tuple(locate_target(target, self.docker) for target in sync.targets)
        in_volumes = {
            place.path
            for target, place in zip(sync.targets, places, strict=True)
            if not isinstance(target.place, HostFile)
        }
        interest.will_write(in_volumes)
        # Also of one on its way: what somebody does to its files before it is proved is drift, and not kept.
        latest = record.unfinished or record.good
        kept = self.store.generations.attributes(sync.name, latest.number) if latest else {}
        content = desired_content(sync, values, places, renderer, kept, readings.folders)
        interest.will_write(place.path for place in content.files)
        return Desired(values, content)
