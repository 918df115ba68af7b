"""Loads everything that was declared: fragments → merged inputs → validated settings.

Whatever is wrong with one definition ends as problems of that definition; the good ones are loaded all the
same, and nothing is raised.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portreeve import resources
from portreeve.definitions.agent_settings import build_settings
from portreeve.definitions.container_definition import build_managed
from portreeve.definitions.discovery import SETTINGS, TEMPLATES, Candidate, discover
from portreeve.definitions.fragments import read
from portreeve.definitions.inputs import Inputs, merge
from portreeve.definitions.model import Definitions, Edits, Mirror, Sync, Target
from portreeve.definitions.problems import Problem
from portreeve.definitions.report import Report
from portreeve.definitions.service_definition import build_service
from portreeve.definitions.settings import Settings
from portreeve.definitions.supervised import ManagedContainer, Service
from portreeve.definitions.supervised_rules import refuse_circles_of_after, refuse_shared_containers
from portreeve.definitions.sync_definition import SyncDraft, build_sync
from portreeve.definitions.target_tables import overlap, same_place
from portreeve.definitions.template_rules import Lints
from portreeve.definitions.upstream import circles, folders_above, upstream
from portreeve.paths import Paths


def load(paths: Paths) -> Definitions:
    """Everything on the search path.

    Args:
        paths: gives the search path.

    Raises:
        FileNotFoundError: the shipped templates are missing, so the installation is incomplete.
    """
    found = discover(paths.search)
    folders = template_folders(paths)
    return load_candidates(
        found.settings, found.definitions, folders, found.definitions, found.problems, found.watched
    )


def template_folders(paths: Paths) -> tuple[Path, ...]:
    """Where templates are found: the search path, then what ships with portreeve."""
    return (*(folder / TEMPLATES for folder in paths.search), resources.shipped(TEMPLATES))


def load_candidates(
    settings: Candidate,
    candidates: Sequence[Candidate],
    folders: Sequence[Path],
    known: Sequence[Candidate],
    problems: Sequence[Problem] = (),
    watched: frozenset[Path] = frozenset(),
) -> Definitions:
    """Chosen definitions.

    Args:
        settings: the agent's own settings.
        candidates: the definitions.
        folders: where templates are found.
        known: those that may be named by others, whether they are loaded or not.
        problems: what was found wrong before.
        watched: files and folders that were looked at before.
    """
    loading = _Loading(folders, _names(known, "syncs.d"), _names(known, "containers.d"))
    loading.load_settings(settings)
    for candidate in candidates:
        loading.load_definition(candidate)
    loading.refuse_shared_targets()
    loading.refuse_targets_in_mirrors()
    loading.refuse_circles()
    loading.refuse_shared_units()
    refuse_shared_containers(loading.containers, loading.reports)
    refuse_circles_of_after(loading.containers, loading.reports)
    return loading.definitions(problems, watched)


@dataclass(slots=True)
class _Loading:
    """What is known while definitions are loaded one after the other."""

    folders: Sequence[Path]
    sync_names: set[str]
    container_names: set[str]
    settings: Settings = field(default_factory=Settings)
    settings_problems: tuple[Problem, ...] = ()
    reports: dict[str, Report] = field(default_factory=dict)
    drafts: dict[str, SyncDraft] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    containers: dict[str, ManagedContainer] = field(default_factory=dict)
    lints: Lints = field(default_factory=dict)

    def load_settings(self, candidate: Candidate) -> None:
        inputs = _inputs(candidate)
        report = Report(inputs)
        self.settings = build_settings(inputs, report)
        self.settings_problems = report.problems

    def load_definition(self, candidate: Candidate) -> None:
        inputs = _inputs(candidate)
        report = self.reports[f"{candidate.kind}/{candidate.name}"] = Report(inputs)
        if inputs.problems:
            # With one of its files unreadable, what the others say together is not what was meant.
            return
        match candidate.kind:
            case "syncs.d":
                self.drafts[candidate.name] = build_sync(
                    candidate.name,
                    inputs,
                    self.folders,
                    self.settings.reconcile,
                    report,
                    self.lints,
                    self.container_names,
                )
            case "services.d":
                service = build_service(candidate.name, inputs, self.sync_names, self.container_names, report)
                if service is not None:
                    self.services[candidate.name] = service
            case _:
                managed = build_managed(candidate.name, inputs, report)
                if managed is not None:
                    self.containers[candidate.name] = managed

    def refuse_shared_targets(self) -> None:
        """A file or key with two masters would change for ever: neither of the syncs is taken."""
        users: dict[str, list[tuple[str, int, Target]]] = defaultdict(list)
        for name, draft in self.drafts.items():
            for index, target in draft.targets:
                users[same_place(target.place)].append((name, index, target))
        for path, uses in users.items():
            for name, index, target in uses:
                others = sorted(
                    {other for other, _, their in uses if other != name and overlap(target, their)}
                )
                if others:
                    what = (
                        "has keys that are set by" if isinstance(target.content, Edits) else "is a target of"
                    )
                    self.reports[f"syncs.d/{name}"].add(
                        ("targets", index, "path"),
                        f"{path} {what} the sync {' and of '.join(others)} too",
                        "a file has one master: remove one of the targets, or mask one of the definitions",
                    )

    def refuse_targets_in_mirrors(self) -> None:
        """What is in the source of a mirror, and by which name, is not known here: it may be that file."""
        mirrors = {
            f"{same_place(target.place)}/": (name, target)
            for name, draft in self.drafts.items()
            for _, target in draft.targets
            if isinstance(target.content, Mirror)
        }
        for name, draft in self.drafts.items():
            for index, target in draft.targets:
                for folder in folders_above(target.place):
                    if folder in mirrors:
                        other, mirror = mirrors[folder]
                        self.reports[f"syncs.d/{name}"].add(
                            ("targets", index, "path"),
                            f"{target.place} is in {mirror.place}, to which {other} mirrors a folder",
                            "a file has one master: mirror to a folder of its own",
                        )

    def refuse_circles(self) -> None:
        """What feeds itself would change for ever."""
        for circle in circles(self.upstream()):
            for name in circle:
                others = " and ".join(other for other in circle if other != name)
                self.reports[f"syncs.d/{name}"].add(
                    ("sources",),
                    f"its sources come from its own targets, by way of {others}"
                    if others
                    else "one of its sources is its own target",
                    "a value has one owner: remove the way back",
                )

    def upstream(self) -> dict[str, tuple[str, ...]]:
        """By sync, those whose targets are its sources."""
        return upstream({name: draft.sync for name, draft in self.drafts.items() if draft.sync is not None})

    def refuse_shared_units(self) -> None:
        """Both would write the same drop-in."""
        users: dict[str, list[str]] = defaultdict(list)
        for name, service in self.services.items():
            users[service.unit].append(name)
        for unit, names in users.items():
            for name in names if len(names) > 1 else ():
                others = " and ".join(other for other in names if other != name)
                self.reports[f"services.d/{name}"].add(
                    ("unit",), f"{unit} is the unit of the service {others} too", "put both in one definition"
                )

    def definitions(self, problems: Sequence[Problem], watched: frozenset[Path]) -> Definitions:
        broken = {name: report.problems for name, report in self.reports.items() if report.problems}
        templates = {file for draft in self.drafts.values() for file in draft.templates}
        everything = {*problems, *self.settings_problems, *(p for found in broken.values() for p in found)}
        syncs: Mapping[str, Sync] = {
            name: draft.sync
            for name, draft in self.drafts.items()
            if draft.sync is not None and f"syncs.d/{name}" not in broken
        }
        return Definitions(
            settings=self.settings,
            syncs=syncs,
            services={n: s for n, s in self.services.items() if f"services.d/{n}" not in broken},
            containers={n: c for n, c in self.containers.items() if f"containers.d/{n}" not in broken},
            problems=tuple(sorted(everything)),
            broken=broken,
            template_folders=tuple(self.folders),
            files=tuple(sorted({*watched, *self.folders, *templates})),
            upstream=upstream(syncs),
        )


def _names(candidates: Iterable[Candidate], kind: str) -> set[str]:
    return {candidate.name for candidate in candidates if candidate.kind == kind}


def _inputs(candidate: Candidate) -> Inputs:
    inputs = merge(read(file) for file in candidate.files)
    return inputs if inputs.files else Inputs({}, {}, (Path(SETTINGS),), ())
