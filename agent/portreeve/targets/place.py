"""Where a target is: a path, and the folder that nothing may lead it out of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import O_DIRECTORY, O_RDONLY
from pathlib import Path

from portreeve.beneath import held_open
from portreeve.targets.entry import Entry

_HOST = Path("/")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file's or folder's place beneath a root that is not trusted.

    Two places are the same when their paths are: how it is reached is not what it is.

    Args:
        path: absolute, on the host, without ``..``.
        root: ``/`` for a file of the host, the volume's folder for one of a container's; links end there.
        in_place: a file there must keep its inode, since that is what somebody has mounted.
    """

    path: Path
    root: Path = field(default=_HOST, compare=False)
    in_place: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if ".." in self.path.parts or not self.path.is_relative_to(self.root):
            raise ValueError(f"{self.path} is not beneath {self.root}")

    def __str__(self) -> str:
        return str(self.path)

    @property
    def shared(self) -> bool:
        """Somebody else decides what is there: it is in a container's volume."""
        return self.root != _HOST

    @property
    def relative(self) -> str:
        """The path from the root."""
        return str(self.path.relative_to(self.root))

    @property
    def parent(self) -> "Place | None":
        """The folder above it; ``None`` for the root itself."""
        return None if self.path == self.root else Place(self.path.parent, self.root)

    @contextmanager
    def entry(self) -> Iterator[Entry]:
        """Hold the folder open that it is in.

        Whoever swaps a folder on the way for a link, before or afterwards, moves nothing out of the root: the
        kernel resolves the path inside it once, and everything else is done by the descriptor and a name.

        Raises:
            OSError: the folder is not there, or cannot be entered.
        """
        above = str(self.path.parent.relative_to(self.root))
        with held_open(self.root, above, O_RDONLY | O_DIRECTORY) as folder:
            yield Entry(folder, self.path.name, strict=self.shared)
