"""A mark: a package was changed, or is being changed, and what it touches is to be proved again."""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from portreeve.errors import Failed, Reason


class Event(StrEnum):
    """What happens to a package: the events that ``portreeve hook`` is told."""

    PRE_INSTALL = "pre-install"
    POST_INSTALL = "post-install"
    PRE_UPGRADE = "pre-upgrade"
    POST_UPGRADE = "post-upgrade"
    PRE_REMOVE = "pre-remove"
    POST_REMOVE = "post-remove"
    TRIGGERED = "triggered"
    """dpkg or rpm changed files that somebody has an interest in; which package did is not known."""

    @property
    def before(self) -> bool:
        """The package is about to be changed: what it touches is held until that is over."""
        return self.value.startswith("pre-")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a hook leaves for the agent, in a file of its own (``/var/lib/portreeve/pending/PACKAGE.json``).

    Args:
        package: its name; empty for files of any package (:attr:`Event.TRIGGERED`).
        event: what happened last.
        version: the one that is coming, where it was told.
        units: units of the package: those it had before, and those it has now.
        paths: other files of the package below ``/etc``.
        since: wall-clock seconds of the first hook.
        until: wall-clock seconds at which what it touches is held no longer, whatever became of the package.
        boot: as :func:`portreeve.boot.boot_id` has it; what began before a boot is over after it.
    """

    package: str
    event: Event
    version: str = ""
    units: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    boot: str = ""

    def holds(self, now: float, boot: str) -> bool:
        """Whether what it touches is to be left alone now; not under a clock that was set back since."""
        return self.event.before and self.since <= now < self.until and self.boot == boot


HELD = 900.0
"""Seconds for which what a package touches is held at most, if nobody ever says that it is done: longer than
any package takes, and short enough for one whose transaction was killed."""


_LATEST = 253_370_764_800.0
"""Seconds: the last year that a date can be told of, 9999, begins (datetime.MAXYEAR)."""


def following(former: Mark | None, mark: Mark) -> Mark:
    """A mark with what is known from the one before it, which it replaces.

    A removed package has no files any more, and an upgraded one may have fewer: what it had counts as well,
    until somebody has looked at it.

    Args:
        former: the package's mark that is still there; ``None`` for none.
        mark: the new one, with what the package has now.
    """
    if former is None:
        return mark
    return replace(
        mark,
        version=mark.version or former.version,
        units=tuple(sorted({*former.units, *mark.units})),
        paths=tuple(sorted({*former.paths, *mark.paths})),
        since=min(former.since, mark.since),
    )


def dump(mark: Mark) -> str:
    """A mark as its file holds it."""
    return json.dumps(asdict(mark), indent=1)


def load(file: Path, text: str) -> Mark:
    """The inverse of :func:`dump`.

    Args:
        file: where it is from, for the error.
        text: its content.

    Raises:
        Failed: ``state-unusable``: it cannot be understood.
    """
    try:
        data = json.loads(text)
        return Mark(
            package=str(data["package"]),
            event=Event(data["event"]),
            version=str(data["version"]),
            units=tuple(map(str, data["units"])),
            paths=tuple(map(str, data["paths"])),
            since=_seconds(data["since"]),
            until=_seconds(data["until"]),
            boot=str(data["boot"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Failed(
            Reason.STATE_UNUSABLE,
            f"{file} cannot be understood",
            evidence=f"{type(error).__name__}: {error}",
            hint="remove it: it only says which package to look at again",
        ) from error


def _seconds(value: Any) -> float:
    seconds = float(value)
    # Neither is NaN. Beyond these there is no date, and it could not be told when that was.
    if not 0 <= seconds <= _LATEST:
        raise ValueError(f"{value} is no time")
    return seconds
