"""Finds the files of definitions on the search path, by the rules that systemd has for units.

The first folder that has a name wins. A name that is a link to ``/dev/null``, or an empty file, is masked:
it is as if no folder had it. Drop-ins come from all folders; of those with the same file name the first
folder wins; they apply in the order of their file names. See systemd.unit(5), "Unit File Load Path".
"""

import os.path
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portreeve.definitions.problems import Problem
from portreeve.definitions.suggestions import did_you_mean

SETTINGS = "portreeve.toml"
KINDS = ("syncs.d", "services.d", "containers.d")
TEMPLATES = "templates"

_SUFFIX = ".toml"
_MASK = Path("/dev/null")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*", re.ASCII)
_LONGEST = 200
"""Characters of a name: a unit's may have 255 (systemd.unit(5)), and it is an instance of one of ours."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition that exists, before anybody read it.

    Args:
        kind: the folder it belongs to, ``syncs.d``; ``portreeve.toml`` for the agent's own settings.
        name: its file name without ``.toml``.
        files: the main file, then the drop-ins in the order in which they amend it.
    """

    kind: str
    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the search path holds.

    Args:
        settings: ``portreeve.toml`` and its drop-ins.
        definitions: by kind, then by name.
        problems: of names and folders.
        watched: every file and folder whose change could change the outcome, existing or not.
    """

    settings: Candidate
    definitions: tuple[Candidate, ...]
    problems: tuple[Problem, ...]
    watched: frozenset[Path]


def discover(search: Sequence[Path]) -> Discovery:
    """Look through the folders of the search path, the most important one first."""
    return _Search(search).run()


def name_problem(file: Path) -> Problem | None:
    """Why a file cannot be a definition of that name; ``None`` when it can."""
    if len(file.stem) > _LONGEST:
        return Problem(file, 0, f"a definition's name has at most {_LONGEST} characters")
    if _NAME.fullmatch(file.stem):
        return None
    return Problem(
        file,
        0,
        f'"{file.stem}" cannot be the name of a definition',
        hint="names are lower-case letters, digits, `_`, `.` and `-`: they become names of systemd units",
    )


class _Search:
    """One look through the search path."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders
        self.problems: list[Problem] = []
        self.watched: set[Path] = set()

    def run(self) -> Discovery:
        for folder in self.folders:
            self.watched |= {folder, folder / TEMPLATES}
        mains = [folder / SETTINGS for folder in self.folders]
        for main in mains:
            self.watch(main)
        present = next((main for main in mains if os.path.lexists(main)), None)
        files = self.drop_ins([folder / f"{SETTINGS}.d" for folder in self.folders])
        if present is not None and not _is_masked(present):
            files = (present, *files)
        settings = Candidate(SETTINGS, "", files)
        definitions = [candidate for kind in KINDS for candidate in self.of_kind(kind)]
        return Discovery(settings, tuple(definitions), tuple(self.problems), frozenset(self.watched))

    def of_kind(self, kind: str) -> Iterator[Candidate]:
        winners: dict[str, Path] = {}
        amended: dict[str, list[Path]] = {}
        for folder in self.folders:
            for entry in self.entries(folder / kind):
                if entry.suffix == _SUFFIX:
                    self.watch(entry)
                    winners.setdefault(entry.stem, entry)
                elif entry.name.endswith(f"{_SUFFIX}.d"):
                    amended.setdefault(entry.name.removesuffix(f"{_SUFFIX}.d"), []).append(entry)
        for name, file in sorted(winners.items()):
            # A folder that is not there yet is noticed by whoever watches the folder that it would be in.
            drop_ins = self.drop_ins(amended.get(name, ()))
            if _is_masked(file):
                continue
            problem = name_problem(file)
            if problem is not None:
                self.problems.append(problem)
                continue
            yield Candidate(kind, name, (file, *drop_ins))
        self.report_orphans(kind, amended, winners)

    def drop_ins(self, folders: Iterable[Path]) -> tuple[Path, ...]:
        found: dict[str, Path] = {}
        for folder in folders:
            for entry in self.entries(folder):
                if entry.suffix == _SUFFIX:
                    self.watch(entry)
                    found.setdefault(entry.name, entry)
        return tuple(file for _, file in sorted(found.items()) if not _is_masked(file))

    def report_orphans(
        self, kind: str, amended: Mapping[str, Sequence[Path]], winners: Mapping[str, Path]
    ) -> None:
        for name, folders in amended.items():
            if name not in winners:
                self.problems.append(
                    Problem(
                        folders[0],
                        0,
                        f"these drop-ins amend {kind}/{name}{_SUFFIX}, which does not exist",
                        hint=did_you_mean(
                            name, winners, otherwise="remove the folder, or add the definition"
                        ),
                    )
                )

    def entries(self, folder: Path) -> list[Path]:
        """The visible entries of a folder that may not exist."""
        self.watched.add(folder)
        try:
            return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.problems.append(Problem(folder, 0, f"the folder cannot be read: {reason}"))
            return []

    def watch(self, file: Path) -> None:
        """Notice changes of the file, and of what it is a link to."""
        self.watched |= {file, Path(os.path.realpath(file))} - {_MASK}


def _is_masked(file: Path) -> bool:
    try:
        status = file.stat()
    except OSError:
        # What cannot be looked at is not masked: reading it says why, in a problem of its own.
        return False
    return stat.S_ISCHR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_size == 0)
