"""Which events concern a key."""

from collections.abc import Mapping
from dataclasses import dataclass

from portreeve.definitions.locations import ContainerRef, has_label

DETAILS = ("connect", "disconnect", "update", "health_status", "stop")
"""Events that change what Docker tells of a container, and nothing of its files and processes; ``stop`` comes
after ``die`` and only says that somebody asked for it."""


@dataclass(frozen=True, slots=True)
class Interest:
    """Containers on which a key depends: one that is named, or all with some labels.

    Args:
        container: which one; ``None``: any with the labels.
        labels: ``key`` or ``key=value`` each, all of them; used without ``container``.
        details: what Docker tells of it matters, and not only its files and processes.
    """

    container: ContainerRef | None = None
    labels: tuple[str, ...] = ()
    details: bool = False

    def concerns(self, action: str) -> bool:
        """Whether something of this kind matters, ``health_status: healthy``."""
        return self.details or action.partition(":")[0] not in DETAILS

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether it is about a container of that name and those labels."""
        if self.container is not None:
            return self.container.matches(name, labels)
        return all(has_label(labels, wanted) for wanted in self.labels)
