"""Tells whether files may have changed since a moment, without reading them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portreeve.clock import Clock

_COARSE = 0.1
"""Seconds by which the times of files lag behind the clock at most, and by which two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by both clocks, since the wall clock may be set meanwhile.

    Args:
        wall: seconds since the epoch.
        monotonic: seconds that never go back.
    """

    wall: float
    monotonic: float

    @classmethod
    def now(cls, clock: Clock) -> "Moment":
        """This one."""
        return cls(clock.wall(), clock.monotonic())


def untouched(files: Iterable[Path], since: Moment, clock: Clock) -> bool:
    """Whether none of these files was written, replaced, made or removed since; when in doubt, no.

    Args:
        files: existing or not; the folders that they are in are looked at too.
        since: before they were read.
        clock: the one that ``since`` was taken from.
    """
    now = Moment.now(clock)
    if abs((now.wall - since.wall) - (now.monotonic - since.monotonic)) > _COARSE:
        return False
    places = {*files}
    return not any(
        _changed_at(place) >= since.wall - _COARSE for place in places | {place.parent for place in places}
    )


def _changed_at(path: Path) -> float:
    """The time of its inode, which no program can set; of a link and of what it leads to the later one."""
    try:
        return max(path.lstat().st_ctime, path.stat().st_ctime)
    except FileNotFoundError:
        # Its removal changed its folder.
        return 0.0
    except OSError:
        return float("inf")
