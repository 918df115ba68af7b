"""What can be told of packages that were changed: what command line, sockets and metrics read."""

from dataclasses import dataclass

from portreeve.upgrade.mark import Event


@dataclass(frozen=True, slots=True)
class PackageStatus:
    """A package that is being changed, or was, and what it touches. Times are wall-clock seconds.

    Args:
        package: its name; empty for files of any package.
        event: what happened last.
        version: the one that is coming, or came; empty where it was not told.
        since: when it began.
        until: when what it touches is held no longer; ``None`` when it is not held: it is proved again.
        syncs: what it touches.
        services: the same.
        unproved: syncs that were looked at since, and of which it is not proved yet that they work.
    """

    package: str
    event: Event
    version: str = ""
    since: float = 0.0
    until: float | None = None
    syncs: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """By which a board has it."""
        return self.package

    @property
    def title(self) -> str:
        """The package and its version, for people."""
        return title(self.package, self.version)


def title(package: str, version: str) -> str:
    """A package and its version, for people.

    Args:
        package: its name; empty for files of any package.
        version: empty where it was not told.
    """
    return f"{package or 'files of packages'} {version}".rstrip()
