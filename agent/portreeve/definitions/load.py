"""Loads everything that was declared: fragments → merged inputs → validated settings.

Whatever is wrong with one definition ends as problems of that definition; the good ones are loaded all the
same, and nothing is raised.
"""

import os.path
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portreeve import resources
from portreeve.definitions.agent_settings import build_settings
from portreeve.definitions.discovery import SETTINGS, TEMPLATES, Candidate, discover
from portreeve.definitions.fragments import read
from portreeve.definitions.inputs import Inputs, merge
from portreeve.definitions.model import Definitions, Service, Settings, Sync
from portreeve.definitions.problems import Problem
from portreeve.definitions.report import Report
from portreeve.definitions.service_definition import build_service
from portreeve.definitions.sync_definition import SyncDraft, build_sync
from portreeve.definitions.template_rules import Lints
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
    names = {candidate.name for candidate in found.definitions if candidate.kind == "syncs.d"}
    return load_candidates(found.settings, found.definitions, folders, names, found.problems, found.watched)


def template_folders(paths: Paths) -> tuple[Path, ...]:
    """Where templates are found: the search path, then what ships with portreeve."""
    return (*(folder / TEMPLATES for folder in paths.search), resources.shipped(TEMPLATES))


def load_candidates(
    settings: Candidate,
    candidates: Sequence[Candidate],
    folders: Sequence[Path],
    syncs: set[str],
    problems: Sequence[Problem] = (),
    watched: frozenset[Path] = frozenset(),
) -> Definitions:
    """Chosen definitions.

    Args:
        settings: the agent's own settings.
        candidates: the definitions.
        folders: where templates are found.
        syncs: names of syncs that a service may require.
        problems: what was found wrong before.
        watched: files and folders that were looked at before.
    """
    loading = _Loading(folders, syncs)
    loading.load_settings(settings)
    for candidate in candidates:
        loading.load_definition(candidate)
    loading.refuse_shared_targets()
    loading.refuse_shared_units()
    return loading.definitions(problems, watched)


@dataclass(slots=True)
class _Loading:
    """What is known while definitions are loaded one after the other."""

    folders: Sequence[Path]
    sync_names: set[str]
    settings: Settings = field(default_factory=Settings)
    settings_problems: tuple[Problem, ...] = ()
    reports: dict[str, Report] = field(default_factory=dict)
    drafts: dict[str, SyncDraft] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
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
                    candidate.name, inputs, self.folders, self.settings.reconcile, report, self.lints
                )
            case "services.d":
                service = build_service(candidate.name, inputs, self.sync_names, report)
                if service is not None:
                    self.services[candidate.name] = service
            case kind:
                message = f"definitions in {kind} are not supported by this version"
                report.extend([Problem(candidate.files[0], 0, message)])

    def refuse_shared_targets(self) -> None:
        """A file with two masters would change for ever: neither of the syncs is taken."""
        users: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name, draft in self.drafts.items():
            for index, target in draft.targets:
                users[os.path.normpath(target.path)].append((name, index))
        for path, uses in users.items():
            for name, index in uses:
                others = sorted({other for other, _ in uses} - {name})
                if others:
                    self.reports[f"syncs.d/{name}"].add(
                        ("targets", index, "path"),
                        f"{path} is a target of the sync {' and of '.join(others)} too",
                        "a file has one master: remove one of the targets, or mask one of the definitions",
                    )

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
            problems=tuple(sorted(everything)),
            broken=broken,
            template_folders=tuple(self.folders),
            files=tuple(sorted({*watched, *self.folders, *templates})),
        )


def _inputs(candidate: Candidate) -> Inputs:
    inputs = merge(read(file) for file in candidate.files)
    return inputs if inputs.files else Inputs({}, {}, (Path(SETTINGS),), ())
