"""Replaces a set of files atomically and durably: staged beside their targets, then renamed over them.

Each target is old or new at any instant, also after a power cut. Staged files are hidden, carry a name that
no ``*.conf`` pattern matches, and leftovers of a killed run are removed by the next.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from portreeve.errors import Failed, Reason, Waiting
from portreeve.targets.file_state import FileContent

_MARK = ".portreeve-"


@dataclass(frozen=True, slots=True)
class Staged:
    """A set of files written beside their targets and not in force yet.

    Args:
        files: target path to staged path; ``None`` where the target is to be removed.
        made: folders that did not exist before, outermost first.
    """

    files: Mapping[Path, Path | None]
    made: tuple[Path, ...]

    @property
    def written(self) -> Mapping[Path, Path]:
        """The staged path of each target that will exist."""
        return {target: staged for target, staged in self.files.items() if staged is not None}


@contextmanager
def stage(files: Mapping[Path, FileContent | None]) -> Iterator[Staged]:
    """Write each file beside its target, durably; what is not committed in the block is taken away.

    Args:
        files: target path to content; ``None`` for a target that is to be removed.

    Raises:
        Waiting: the folder of a target does not exist, nor the one above it.
        Failed: a file could not be written.
    """
    staged: dict[Path, Path | None] = {}
    made: list[Path] = []
    try:
        for target, content in files.items():
            try:
                if content is not None:
                    made += _make_folder(target.parent)
                staged[target] = None if content is None else _write_beside(target, content)
            except OSError as error:
                raise _write_failed(target, error) from error
        # After the last is written: the file system takes many small files to the disk together.
        for target, temporary in staged.items():
            try:
                if temporary is not None:
                    _sync(temporary)
            except OSError as error:
                raise _write_failed(target, error) from error
        yield Staged(staged, tuple(made))
    finally:
        for temporary in staged.values():
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        for folder in reversed(made):
            _remove_if_empty(folder)


def commit(staged: Staged) -> None:
    """Put a staged set in force, and return when it would survive a power cut.

    Raises:
        Failed: a file could not be replaced; those that were are as before.
    """
    kept: dict[Path, Path | None] = {}
    replaced: list[tuple[Path, Path | None]] = []
    with ExitStack() as old:
        try:
            # All of them first: a file that nobody may replace shows here, before any other is.
            for target in staged.files if len(staged.files) > 1 else ():
                kept[target] = _keep(target, old)
            for target, temporary in staged.files.items():
                if temporary is None:
                    target.unlink(missing_ok=True)
                else:
                    os.replace(temporary, target)
                replaced.append((target, kept.get(target)))
        except OSError as error:
            _put_back(replaced)
            raise _write_failed(target, error) from error
    for folder in {target.parent for target in staged.files}:
        try:
            if folder.is_dir():
                _sync(folder)
        except OSError as error:
            raise _write_failed(folder, error) from error


def _keep(target: Path, until: ExitStack) -> Path | None:
    """A second name for a file that is about to be replaced, until the set is complete."""
    kept = _beside(target, "old")
    kept.unlink(missing_ok=True)
    try:
        os.link(target, kept, follow_symlinks=False)
    except FileNotFoundError:
        return None
    until.callback(kept.unlink, missing_ok=True)
    return kept


def _put_back(replaced: list[tuple[Path, Path | None]]) -> None:
    for target, kept in reversed(replaced):
        if kept is None:
            target.unlink(missing_ok=True)
        else:
            os.replace(kept, target)


def remove_folders(folders: tuple[Path, ...]) -> None:
    """Remove folders that portreeve made, innermost first, as far as nobody else uses them.

    Raises:
        Failed: one could not be removed.
    """
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        _remove_if_empty(folder)


def _make_folder(folder: Path) -> list[Path]:
    if folder.is_dir():
        return []
    if not folder.parent.is_dir():
        # One level is a drop-in folder; more means that the package whose folder it is, is not installed.
        raise Waiting(
            Reason.DIRECTORY_ABSENT,
            f"the folder {folder} is not there",
            evidence=f"{folder.parent} does not exist either",
            hint="install the package that owns it, or create it",
            step="write",
        )
    folder.mkdir(mode=0o755)
    # The mode given to mkdir is narrowed by the umask, and systemd must be able to read a drop-in folder.
    folder.chmod(0o755)
    _sync(folder.parent)
    return [folder]


def _write_beside(target: Path, content: FileContent) -> Path:
    # A name that is always the same finds what a killed run left without reading a folder that may be long.
    temporary = _beside(target, "new")
    for leftover in (temporary, _beside(target, "old")):
        leftover.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(file.fileno(), content.uid, content.gid)
            file.write(content.data)
            file.flush()
            _copy_attributes(target, file.fileno())
            # Last, since chown and ACLs change the mode bits.
            os.fchmod(file.fileno(), content.mode)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _copy_attributes(target: Path, descriptor: int) -> None:
    """Keep ACL, SELinux label and other extended attributes of the file that is replaced."""
    try:
        names = os.listxattr(target)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        os.setxattr(descriptor, name, os.getxattr(target, name))


def _beside(target: Path, which: str) -> Path:
    return target.with_name(f".{target.name}{_MARK}{which}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        # Somebody put files into it, or made a link, a file or a mount point of it: it is theirs now.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EBUSY):
            raise _write_failed(folder, error) from error


def _write_failed(target: Path, error: OSError) -> Failed:
    hints = {
        errno.ENOSPC: "free some space on this file system",
        errno.EROFS: "the file system is mounted read-only; remount it, or choose another target",
        errno.EPERM: "look for an immutable attribute (`lsattr`)",
        errno.EACCES: "the agent must run as root, and its unit must allow this folder (ReadWritePaths=)",
    }
    return Failed(
        Reason.WRITE_FAILED,
        f"{target} could not be written",
        evidence=os.strerror(error.errno) if error.errno else str(error),
        hint=hints.get(error.errno or 0, ""),
        step="write",
    )
