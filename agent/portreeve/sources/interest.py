"""What a sync wants to be woken by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Interest:
    """What a sync depends on, filled while it is read, so that it is known of a failed read as well.

    Args:
        watch: names whose change can change a value, none with a link among its parents. Some do not exist.
        poll: something cannot be watched and has to be read again from time to time.
        containers: id of the container of each source, by the source's name.
        watch_first: called with names that are about to be read, so that they are watched before.
        writes: targets in containers' volumes, which are known only once the volume is found.
    """

    watch: set[Path] = field(default_factory=set)
    poll: bool = False
    containers: dict[str, str] = field(default_factory=dict)
    watch_first: Callable[[Iterable[Path]], object] = lambda _: None
    writes: set[Path] = field(default_factory=set)

    def will_write(self, names: Iterable[Path]) -> None:
        """Have these targets watched, which are not looked at yet."""
        self.writes.update(names)
        if self.writes:
            self.watch_first(tuple(self.writes))

    def will_read(self, names: Iterable[Path]) -> None:
        """Have these names watched, which are not read yet: what changes from then on is noticed."""
        fresh = tuple(names)
        self.watch.update(fresh)
        self.watch_first(fresh)
