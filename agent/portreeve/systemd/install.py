"""Puts generated unit files in place, and takes exactly those away again."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from portreeve.durable import write_atomically
from portreeve.errors import Failed, Reason, Refused
from portreeve.paths import Paths
from portreeve.systemd.bus import Systemd
from portreeve.systemd.manifest import Manifest, digest, read_if_there

_RELOAD_TIMEOUT = 60.0
"""Seconds; a host with many generators takes some."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What was done.

    Args:
        written: files that are new or have new content.
        removed: files that are gone.
        unchanged: files that were right already.
    """

    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    unchanged: tuple[Path, ...] = ()


def install(
    files: Mapping[str, str], paths: Paths, systemd: Systemd | None, *, force: bool, prune: bool
) -> Changes:
    """Put generated files in place; equal ones are not touched.

    Nothing is changed before everything was looked at. The manifest is written before the files, so that
    whatever happens in between, the next run knows all that may be there. A file that a package has in the
    vendor's folder is left to the package: ours would stand before it, and stay behind at its next upgrade.

    Args:
        files: path relative to systemd's folder of units, and text.
        paths: where units and state are.
        systemd: told to read its files anew when something changed; ``None`` where it does not run.
        force: also replace and remove what was edited by hand, or was there before.
        prune: remove generated files that are no longer among ``files``.

    Raises:
        Refused: a file is not as portreeve wrote it, or the caller may not write.
        Failed: the manifest cannot be understood, or a file cannot be written.
        Unreachable: systemd did not read its files anew; they are in place all the same.
    """
    with _told_as_ours():
        manifest = Manifest.read(paths.state)
        packaged = {
            paths.units / name
            for name, text in files.items()
            if read_if_there(paths.vendor_units / name) == text.encode()
        }
        wanted = {paths.units / name: text.encode() for name, text in files.items()}
        wanted = {file: content for file, content in wanted.items() if file not in packaged}
        changed = {file: content for file, content in wanted.items() if read_if_there(file) != content}
        stale = [file for file in manifest.paths if file in packaged or (prune and file not in wanted)]
        if not force:
            _refuse_edited(manifest, [*changed, *stale])
        made = [file.parent for file in changed if not file.parent.exists()]
        digests = {file: digest(content) for file, content in wanted.items()}
        manifest.expecting(digests, made).write(paths.state)
        for file, content in changed.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, content, mode=0o644)
        removed = _unlink(stale)
        manifest = manifest.expecting(digests, made).settled(digests, stale)
        manifest.without_folders(_remove_empty(manifest, stale)).write(paths.state)
    if systemd is not None and (changed or removed):
        systemd.daemon_reload(_RELOAD_TIMEOUT)
    return Changes(tuple(changed), removed, tuple(file for file in wanted if file not in changed))


def remove(paths: Paths, systemd: Systemd | None, *, force: bool) -> Changes:
    """Remove every file that :func:`install` put in place, and the folders made for them that are now empty.

    A file that was edited by hand since holds somebody's work: without ``force`` nothing at all is removed.
    Arguments and errors as for :func:`install`.
    """
    with _told_as_ours():
        manifest = Manifest.read(paths.state)
        if not force:
            _refuse_edited(manifest, manifest.paths)
        removed = _unlink(manifest.paths)
        _remove_empty(manifest, manifest.paths)
        Manifest.forget(paths.state)
    if systemd is not None and removed:
        systemd.daemon_reload(_RELOAD_TIMEOUT)
    return Changes(removed=removed)


def _refuse_edited(manifest: Manifest, files: Iterable[Path]) -> None:
    edited = [str(file) for file in files if not manifest.owns(file)]
    if edited:
        raise Refused(
            Reason.HELD,
            "unit files are not as portreeve wrote them, so nothing was changed",
            evidence=", ".join(edited),
            hint="keep changes in a drop-in (`systemctl edit UNIT`), or repeat with --force to lose them",
        )


def _unlink(files: Iterable[Path]) -> tuple[Path, ...]:
    removed = []
    for file in files:
        with suppress(FileNotFoundError):
            file.unlink()
            removed.append(file)
    return tuple(removed)


def _remove_empty(manifest: Manifest, files: Iterable[Path]) -> tuple[str, ...]:
    """Remove folders that were made for the files; one in which somebody else has put something stays."""
    gone = []
    # The deepest first, so that a folder within another is gone before that one's turn.
    for folder in sorted({str(file.parent) for file in files} & set(manifest.folders), reverse=True):
        with suppress(OSError):
            Path(folder).rmdir()
        if not Path(folder).exists():
            gone.append(folder)
    return tuple(gone)


@contextmanager
def _told_as_ours() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise Refused(
            Reason.PERMISSION,
            "unit files belong to root",
            evidence=str(error),
            hint="repeat the command with sudo",
        ) from error
    except OSError as error:
        raise Failed(Reason.WRITE_FAILED, "unit files cannot be written", evidence=str(error)) from error
