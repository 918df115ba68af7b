"""Remembers which unit files portreeve generated, so that exactly those are removed again."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from portreeve.durable import write_atomically
from portreeve.errors import Failed, Reason

FILE_NAME = "units.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Generated files and the folders that were made for them.

    Args:
        files: absolute path to the digests that its content may have: one, or while it is being replaced two.
        folders: absolute paths, made by portreeve.
    """

    files: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...]

    @classmethod
    def read(cls, state: Path) -> "Manifest":
        """Read it from the folder of state; an absent one is empty.

        Raises:
            Failed: it is there and cannot be understood, so what was generated is not known.
        """
        file = state / FILE_NAME
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            return cls({path: tuple(sums) for path, sums in data["files"].items()}, tuple(data["folders"]))
        except FileNotFoundError:
            return cls({}, ())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Failed(
                Reason.STATE_UNUSABLE,
                f"{file} cannot be understood, so it is not known which unit files were generated",
                evidence=str(error),
                hint="remove it and run `portreeve units install --force`, which writes it anew",
            ) from error

    def write(self, state: Path) -> None:
        """Replace it, durably: a file that is in place and not in here would never be removed."""
        data = {"files": self.files, "folders": self.folders}
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(state / FILE_NAME, json.dumps(data, indent=1).encode(), mode=0o600)

    @staticmethod
    def forget(state: Path) -> None:
        """Remove it: nothing that was generated is left."""
        (state / FILE_NAME).unlink(missing_ok=True)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The generated files."""
        return tuple(Path(file) for file in self.files)

    def owns(self, file: Path) -> bool:
        """Whether a file's content is what portreeve wrote; an absent file counts as that."""
        content = read_if_there(file)
        return content is None or digest(content) in self.files.get(str(file), ())

    def expecting(self, digests: Mapping[Path, str], made: Iterable[Path]) -> "Manifest":
        """The manifest while files are being replaced: each may still be old or already new."""
        files = dict(self.files)
        for file, new in digests.items():
            files[str(file)] = tuple(sorted({*files.get(str(file), ()), new}))
        return Manifest(files, tuple(sorted({*self.folders, *map(str, made)})))

    def settled(self, digests: Mapping[Path, str], gone: Iterable[Path]) -> "Manifest":
        """The manifest once they are replaced."""
        files = {**self.files, **{str(file): (new,) for file, new in digests.items()}}
        for file in gone:
            files.pop(str(file), None)
        return Manifest(files, self.folders)

    def without_folders(self, gone: Iterable[str]) -> "Manifest":
        """The manifest after folders were removed."""
        return Manifest(self.files, tuple(sorted(set(self.folders).difference(gone))))


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_if_there(file: Path) -> bytes | None:
    """A file's content; ``None`` when there is no such file."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
