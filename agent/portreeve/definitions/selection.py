"""Loads exactly the definition files that somebody named, wherever they are, as a package's build would."""

from collections.abc import Sequence
from pathlib import Path

from portreeve.definitions.discovery import KINDS, SETTINGS, TEMPLATES, Candidate, discover, name_problem
from portreeve.definitions.fragments import read
from portreeve.definitions.load import load_candidates, template_folders
from portreeve.definitions.model import Definitions
from portreeve.errors import Misuse, Reason
from portreeve.paths import Paths

_WORDS = {
    "services.d": ("unit", "requires"),
    "containers.d": ("container", "compose", "label", "autostart", "ready", "on_unready"),
    SETTINGS: ("docker", "reconcile", "containers", "alerts", "pressure", "log"),
}
"""Top-level keys that tell what a file is; one that has none of them is taken for a sync."""


def load_files(paths: Paths, files: Sequence[Path]) -> Definitions:
    """Only these files, without drop-ins; templates, and what others name, may be on the search path.

    Args:
        paths: gives the search path.
        files: the definitions. A file of ``DIR/syncs.d`` may use the templates of ``DIR/templates``.

    Raises:
        Misuse: a file is a drop-in, or two files define the same name.
    """
    candidates = [_candidate(file) for file in files]
    names = [(candidate.kind, candidate.name) for candidate in candidates]
    for position, candidate in enumerate(candidates):
        if names[position] in names[:position]:
            other = candidates[names.index(names[position])]
            what = f"{candidate.files[0]} and {other.files[0]} define the same name"
            raise Misuse(Reason.USAGE, what, hint="check one of them at a time")
    settings = next((found for found in candidates if found.kind == SETTINGS), Candidate(SETTINGS, "", ()))
    definitions = [found for found in candidates if found.kind != SETTINGS]
    everything = [*definitions, *discover(paths.search).definitions]
    own_templates = dict.fromkeys(file.absolute().parent.parent / TEMPLATES for file in files)
    problems = [name_problem(found.files[0]) for found in definitions]
    return load_candidates(
        settings,
        definitions,
        (*(folder for folder in own_templates if folder.is_dir()), *template_folders(paths)),
        everything,
        [problem for problem in problems if problem is not None],
    )


def _candidate(file: Path) -> Candidate:
    folder = file.absolute().parent.name
    if folder.endswith(".toml.d"):
        raise Misuse(
            Reason.USAGE,
            f"{file} is a drop-in, which says nothing alone",
            hint="put it on the search path and run `portreeve check` without files",
        )
    if file.name == SETTINGS:
        return Candidate(SETTINGS, "", (file,))
    return Candidate(folder if folder in KINDS else _kind_by_content(file), file.stem, (file,))


def _kind_by_content(file: Path) -> str:
    keys = read(file).data
    return next((kind for kind, words in _WORDS.items() if any(word in keys for word in words)), "syncs.d")
