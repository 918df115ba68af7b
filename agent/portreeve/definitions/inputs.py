"""The second stage: a definition merged with its drop-ins, still knowing where each key stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portreeve.definitions.fragments import Fragment
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.problems import Problem


@dataclass(frozen=True, slots=True)
class Place:
    """One line of one file."""

    file: Path
    line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What all files of one definition say together.

    Args:
        data: the merged tables.
        places: the line that had the last word about each key.
        files: the files it was merged from, the main one first.
        problems: of the files that could not be read.
    """

    data: dict[str, Any]
    places: Mapping[KeyPath, Place]
    files: tuple[Path, ...]
    problems: tuple[Problem, ...]

    def place(self, key: KeyPath) -> Place:
        """Where a key stands; for one that is missing, where its table begins."""
        for length in range(len(key), 0, -1):
            found = self.places.get(key[:length])
            if found is not None:
                return found
        return Place(self.files[0], 0)


def merge(fragments: Iterable[Fragment]) -> Inputs:
    """Let each later fragment amend single keys of the earlier ones.

    Tables are merged key by key. Everything else is replaced as a whole, arrays of tables too: their
    elements have no names by which a drop-in could amend one of them.
    """
    data: dict[str, Any] = {}
    places: dict[KeyPath, Place] = {}
    files: list[Path] = []
    problems: list[Problem] = []
    for fragment in fragments:
        files.append(fragment.file)
        problems.extend(fragment.problems)
        found = {
            key: Place(fragment.file, line, fragment.lines[line - 1])
            for key, line in fragment.positions.items()
        }
        _amend(data, fragment.data, (), places, found)
    return Inputs(data, places, tuple(files), tuple(problems))


def _amend(
    base: dict[str, Any],
    change: dict[str, Any],
    prefix: KeyPath,
    places: dict[KeyPath, Place],
    found: Mapping[KeyPath, Place],
) -> None:
    for name, value in change.items():
        key = (*prefix, name)
        if isinstance(value, dict):
            if not isinstance(base.get(name), dict):
                _forget(key, places)
                base[name] = {}
            places.setdefault(key, found[key])
            _amend(base[name], value, key, places, found)
        else:
            _forget(key, places)
            base[name] = value
            places.update({k: place for k, place in found.items() if k[: len(key)] == key})


def _forget(key: KeyPath, places: dict[KeyPath, Place]) -> None:
    for known in [known for known in places if known[: len(key)] == key]:
        del places[known]
