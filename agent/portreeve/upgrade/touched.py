"""What a changed package touches: the syncs and services that work on its units or files."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Definitions, Sync
from portreeve.definitions.steps import UnitActive, units_of
from portreeve.systemd.unit_paths import unit_of
from portreeve.upgrade.mark import Event, Mark


@dataclass(frozen=True, slots=True)
class Touched:
    """Names of what a package touches, each in the order it was declared."""

    syncs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


def touched(mark: Mark, definitions: Definitions) -> Touched:
    """What is to be held while a package is being changed, and proved again afterwards.

    A sync is touched when it acts on one of the package's units, or is proved by one; when one of its targets
    is such a unit or a drop-in of it, or a file of the package. So is a service that is such a unit.
    An instance (``app@x.service``) belongs to the package of its template (``app@.service``).

    Args:
        mark: of the package; one that names none touches everything.
        definitions: what was declared.
    """
    if mark.event is Event.TRIGGERED:
        return Touched(tuple(definitions.syncs), tuple(definitions.services))
    units, paths = frozenset(mark.units), frozenset(map(Path, mark.paths))
    return Touched(
        tuple(name for name, sync in definitions.syncs.items() if _touches(sync, units, paths)),
        tuple(name for name, service in definitions.services.items() if _is_of(service.unit, units)),
    )


def _touches(sync: Sync, units: Collection[str], paths: Collection[Path]) -> bool:
    proved_by = (step.unit for step in sync.verify if isinstance(step, UnitActive))
    files = [target.place.path for target in sync.targets if isinstance(target.place, HostFile)]
    about = (unit for file in files if (unit := unit_of(file)) is not None)
    return any(_is_of(unit, units) for unit in (*units_of(sync.apply), *proved_by, *about)) or any(
        file in paths for file in files
    )


def _is_of(unit: str, units: Collection[str]) -> bool:
    prefix, at, instance = unit.partition("@")
    template = f"{prefix}@.{instance.rpartition('.')[2]}" if at else unit
    return unit in units or template in units
