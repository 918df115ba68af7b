"""One name in a folder that is held open: every step is by descriptor, so that no path is resolved twice."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from portreeve.beneath import kind_of, reopen
from portreeve.errors import Failed, Reason

_MARK = ".portreeve-"


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder.

    Args:
        folder: descriptor of the folder, readable.
        name: without a slash.
        strict: others write into the folder: a file that has a second name may be one from elsewhere.
    """

    folder: int
    name: str
    strict: bool

    @property
    def path(self) -> Path:
        """Where it really is, for people and for programs that are told of it."""
        return Path(f"/proc/self/fd/{self.folder}").readlink() / self.name

    def beside(self, which: str) -> "Entry":
        """A hidden name in the same folder that no ``*.conf`` pattern matches."""
        return replace(self, name=f".{self.name}{_MARK}{which}")

    @contextmanager
    def opened(self, flags: int = os.O_RDONLY) -> Iterator[int]:
        """A descriptor of the regular file that has this name.

        A link is refused: to follow it would be to edit a file that nobody named, perhaps a vendor's, and to
        replace it would take away what an administrator made, perhaps the mask of a drop-in. What it is, is
        seen before it is opened, since opening a device or a fifo does something to it.

        Args:
            flags: as for open(2).

        Raises:
            FileNotFoundError: there is none.
            Failed: ``file-refused``: it is not a regular file, or not only here.
            OSError: it cannot be opened.
        """
        flags_to_look = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
        found = os.open(self.name, flags_to_look, dir_fd=self.folder)
        try:
            self._refuse_unless_regular(found)
            descriptor = reopen(found, flags)
        finally:
            os.close(found)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _refuse_unless_regular(self, found: int) -> None:
        facts = os.fstat(found)
        if stat.S_ISLNK(facts.st_mode):
            leads_to = os.readlink("", dir_fd=found)
            raise self.refused(f"it is a link to {leads_to}, which is not followed")
        if not stat.S_ISREG(facts.st_mode):
            raise self.refused(f"it is {kind_of(facts.st_mode)}")
        if self.strict and facts.st_nlink - self._our_own_name(facts) != 1:
            raise self.refused(f"it has {facts.st_nlink} names (hard links), and others are not known")

    def _our_own_name(self, facts: os.stat_result) -> int:
        """1 when a run that was killed left its second name on the file."""
        try:
            kept = os.stat(self.beside("old").name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return 0
        return int((kept.st_dev, kept.st_ino) == (facts.st_dev, facts.st_ino))

    def refused(self, evidence: str) -> Failed:
        """What is there is not what a target may be."""
        return Failed(
            Reason.FILE_REFUSED,
            f"{self.path} is not a file that can be a target",
            evidence=evidence,
            hint="a target must be a regular file that has one name; remove what is there",
            step="write",
        )

    def create(self) -> int:
        """A descriptor of a new file that only its owner may read; the caller closes it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(self.name, flags, 0o600, dir_fd=self.folder)

    def sync(self) -> None:
        """Have the file's content on the disk."""
        with replace(self, strict=False).opened() as descriptor:
            os.fsync(descriptor)

    def sync_folder(self) -> None:
        """Have the names of the folder on the disk."""
        os.fsync(self.folder)

    def unlink(self) -> None:
        """Remove the name; it may be gone already."""
        try:
            os.unlink(self.name, dir_fd=self.folder)
        except FileNotFoundError:
            return

    def rename_over(self, target: "Entry") -> None:
        """Take the place of another name of the same folder."""
        os.replace(self.name, target.name, src_dir_fd=self.folder, dst_dir_fd=target.folder)

    def link_as(self, other: "Entry") -> None:
        """Give the file a second name in the same folder."""
        os.link(
            self.name,
            other.name,
            src_dir_fd=self.folder,
            dst_dir_fd=other.folder,
            follow_symlinks=False,
        )

    def make_folder(self, mode: int) -> bool:
        """Make a folder of this name, unless there is something; tell whether it was made.

        Args:
            mode: permission bits, which the umask does not narrow.
        """
        try:
            os.mkdir(self.name, 0o700, dir_fd=self.folder)
        except FileExistsError:
            return False
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        made = os.open(self.name, flags, dir_fd=self.folder)
        try:
            os.fchmod(made, mode)
        finally:
            os.close(made)
        return True

    def remove_folder(self) -> None:
        """Remove the folder of this name, if it is empty."""
        os.rmdir(self.name, dir_fd=self.folder)
