"""What is found of a value before it is adopted."""

from dataclasses import dataclass
from pathlib import Path

from portreeve.definitions.model import Adoption, Scalar, Source, Value, ValueType
from portreeve.sources.scalars import spelled

Found = Scalar | tuple[Scalar, ...]

_MASK = "••••••"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file of a source, as it was read.

    Args:
        source: which source.
        root: a folder; links below it end there. ``/`` for a file of the host.
        relative: the file below it.
        data: all of it.
        told: where it is, for people.
    """

    source: Source
    root: Path
    relative: str
    data: bytes
    told: str


@dataclass(frozen=True, slots=True)
class Adoptable:
    """A value as the host has it and as its source has it.

    Args:
        value: the declaration.
        host: what the host's file says, of the declared type.
        host_place: that file and the place in it, for people.
        current: what the source says; ``None`` when that is nothing, or nothing valid.
        current_why: why it is none; empty otherwise.
        file: the source's file.
    """

    value: Value
    host: Scalar
    host_place: str
    current: Found | None
    current_why: str
    file: SourceFile

    @property
    def differs(self) -> bool:
        """Whether there is something to adopt; a truth is no number."""
        return type(self.current) is not type(self.host) or self.current != self.host

    @property
    def source_place(self) -> str:
        """The source's file and the place in it, for people."""
        return f"{self.file.told}: {spot(self.value)}"

    def shown(self, found: Found | None) -> str:
        """A value of this kind for people; a secret is masked."""
        if found is None:
            return f"nothing ({self.current_why})"
        if self.value.type is ValueType.SECRET:
            return _MASK
        return ",".join(map(spelled, found)) if isinstance(found, tuple) else spelled(found)


def spot(place: Value | Adoption) -> str:
    """Where in its file something is, for people."""
    return place.match or ".".join(place.key) or "all of it"
