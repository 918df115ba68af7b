"""``[[targets]]``: the files that a sync generates, and the keys that it sets."""

import os.path
from collections.abc import Collection, Sequence
from pathlib import Path

from portreeve.definitions.container_tables import build_container, build_container_file, listed, names_given
from portreeve.definitions.format_names import format_of
from portreeve.definitions.locations import ContainerFile, FileLocation, HostFile
from portreeve.definitions.model import Edits, Format, Mirror, Target, Template, Write
from portreeve.definitions.report import Report
from portreeve.definitions.suggestions import did_you_mean
from portreeve.definitions.tables import TargetTable

EDITABLE = (Format.INI, Format.JSON, Format.YAML, Format.TOML, Format.ENV, Format.UNIT)
"""Formats in which a single key can be set with all else of the file kept."""

_CONTENTS = ("template", "set", "mirror")


def same_place(place: FileLocation) -> str:
    """A text that is equal for targets that name the same place in the same way."""
    if isinstance(place, HostFile):
        return os.path.normpath(place.path)
    return str(ContainerFile(place.container, os.path.normpath(place.path), place.volume, place.mount))


def build_targets(
    tables: Sequence[TargetTable], sources: Collection[str], report: Report
) -> tuple[tuple[int, Target], ...]:
    """The valid targets with the number each has in the file; what is wrong with others is reported.

    Args:
        tables: the targets.
        sources: names of declared sources, valid or not.
        report: where mistakes go.
    """
    if not tables and not report.concerns(("targets",)):
        report.add(
            ("targets",), "the sync has no targets", 'add [[targets]] with path = "/…" and template = "…"'
        )
    targets: list[tuple[int, Target]] = []
    taken: dict[str, Target] = {}
    for index, table in enumerate(tables):
        key = ("targets", index)
        place = _place(key, table, report)
        content = _content(key, table, sources, report)
        if place is None:
            continue
        if content is None:
            taken.setdefault(same_place(place), Target(place, Template("")))
            continue
        target = Target(
            place,
            content,
            table.mode,
            table.owner,
            table.group,
            None if table.write is None else Write(table.write),
        )
        before = taken.setdefault(same_place(place), target)
        if before is not target and overlap(before, target):
            report.add((*key, "path"), f"{place} is the path of two targets of this sync")
        targets.append((index, target))
    return tuple(targets)


def overlap(one: Target, other: Target) -> bool:
    """Whether two targets at the same place write the same: unless both set other keys, they do."""
    if isinstance(one.content, Edits) and isinstance(other.content, Edits):
        return any(a[: len(b)] == b or b[: len(a)] == a for a in one.content.set for b in other.content.set)
    return True


def _place(key: tuple[str, int], table: TargetTable, report: Report) -> FileLocation | None:
    if names_given(table):
        container = build_container(key, table, report)
        return build_container_file(key, container, table, table.path, report)
    report.require((*key, "path"), table.path, 'the file to generate: path = "/…"')
    foreign = [word for word in ("volume", "mount") if getattr(table, word) is not None]
    if foreign:
        report.add((*key, foreign[0]), f"`{foreign[0]}` needs a container", 'add container = "…"')
        return None
    if table.path is None:
        return None
    if not table.path.startswith("/"):
        report.add(
            (*key, "path"),
            f'`path` must be an absolute path, not "{table.path}"',
            f'did you mean "/{table.path}"?',
        )
        return None
    return HostFile(Path(table.path))


def _content(
    key: tuple[str, int], table: TargetTable, sources: Collection[str], report: Report
) -> Template | Edits | Mirror | None:
    used = [word for word in _CONTENTS if getattr(table, word) is not None]
    if len(used) > 1:
        report.add(
            (*key, used[1]),
            f"{listed(used)} cannot stand together: each gives all of the target",
            "keep one of them",
        )
        return None
    if table.format is not None and used in (["template"], ["mirror"]):
        report.add((*key, "format"), f"`format` is for `set`, not for `{used[0]}`")
    if table.set is not None:
        for word in ("mode", "owner", "group"):
            if getattr(table, word) is not None:
                report.add(
                    (*key, word), f"`{word}` is not for `set`: a file of which keys are set keeps its own"
                )
        return _edits(key, table, report)
    if table.mirror is not None:
        if table.mirror not in sources and not report.has(("sources",)):
            report.add(
                (*key, "mirror"),
                f"there is no source `{table.mirror}`",
                did_you_mean(table.mirror, sources, otherwise=f"declare it under [sources.{table.mirror}]"),
            )
        return Mirror(table.mirror)
    if not any(report.concerns((*key, word)) for word in ("set", "mirror")):
        report.require(
            (*key, "template"), table.template, 'a file of the folder templates: template = "….j2"'
        )
    return None if table.template is None else Template(table.template)


def _edits(key: tuple[str, int], table: TargetTable, report: Report) -> Edits | None:
    format_ = format_of(key, table.format, table.path or "", report)
    if format_ is None or table.set is None:
        return None
    if format_ not in EDITABLE:
        report.add(
            (*key, "format"), f"single keys of {format_} cannot be set", f"supported: {', '.join(EDITABLE)}"
        )
        return None
    keys = [path for path, _ in table.set]
    for path in keys:
        if any(other != path and other == path[: len(other)] for other in keys):
            report.add((*key, "set"), f'"{".".join(path)}" is inside of another key that is set')
        if format_ is Format.ENV and len(path) > 1:
            report.add((*key, "set"), f'"{".".join(path)}" cannot be in an env file, which has no sections')
        if format_ in (Format.INI, Format.UNIT) and len(path) != 2:
            report.add(
                (*key, "set"), f'"{".".join(path)}" is not a key of a section', 'such as "section.key"'
            )
    return Edits(format_, dict(table.set))
