"""``[sources.NAME]``: where values live."""

from collections.abc import Mapping

from portreeve.definitions.container_tables import (
    NAMES,
    build_container,
    build_container_file,
    listed,
)
from portreeve.definitions.format_names import format_of
from portreeve.definitions.locations import (
    ContainerCommand,
    ContainerList,
    Credential,
    Environment,
    HostFile,
    Inspection,
    Location,
)
from portreeve.definitions.model import Format, Source, Value
from portreeve.definitions.report import Report
from portreeve.definitions.tables import SourceTable

_PLACES = ("file", *NAMES, "containers", "environment", "credential")
_OF_A_CONTAINER = ("volume", "mount", "path", "inspect", "command")
_ALLOWED = {
    "file": ("format", "max_size"),
    "containers": ("values",),
    "environment": (),
    "credential": ("format", "max_size"),
}
"""What may stand beside each place that is not a container."""

_KeyOfSource = tuple[str, str]


def build_source(
    name: str, table: SourceTable, values: Mapping[str, Value | None], *, mirrored: bool, report: Report
) -> Source | None:
    """A source, or ``None`` with the reasons in the report.

    Args:
        name: as in ``[sources.NAME]``.
        table: its table.
        values: of ``[sources.NAME.values]``, those that are not valid as ``None``.
        mirrored: a target mirrors it, so it is a folder.
        report: where mistakes go.
    """
    key = ("sources", name)
    location = _location(key, table, report)
    format_ = None
    if location is not None:
        if table.values and not isinstance(location, ContainerList):
            report.add(
                (*key, "values"),
                "`values` of a source are for a list of containers",
                "declare the value under [values], with the source's name",
            )
        if mirrored:
            _check_mirrored(key, table, report)
        else:
            format_ = _format(key, table, location, report)
    if location is None or report.concerns(key):
        return None
    own = {name: value for name, value in values.items() if value is not None}
    if table.max_size is None:
        return Source(name, location, format_, values=own)
    return Source(name, location, format_, table.max_size, own)


def _location(key: _KeyOfSource, table: SourceTable, report: Report) -> Location | None:
    for word in ("environment", "inspect"):
        if getattr(table, word) is False:
            report.add((*key, word), f"`{word}` can only be true", f"remove it, or write {word} = true")
            return None
    used = [word for word in _PLACES if getattr(table, word) is not None]
    if len(used) > 1:
        report.add(
            (*key, used[1]),
            f"{listed(used)} cannot stand together: a source is in one place",
            "keep one of them",
        )
    if not used and not report.concerns(key):
        report.add(
            key,
            "the source does not say where it is",
            'add file = "/…", or container = "…" (or compose, or label) with volume and path',
        )
    if len(used) != 1:
        return None
    place = used[0]
    if place in NAMES:
        return _of_container(key, table, report)
    others = [word for word in (*_OF_A_CONTAINER, "format", "max_size", "timeout") if _given(table, word)]
    foreign = [word for word in others if word not in _ALLOWED[place]]
    if foreign:
        meaning = {"file": "`file` is a file of the host"}.get(place, f"`{place}` is all there is to say")
        report.add(
            (*key, foreign[0]),
            f"{listed([place, *foreign])} cannot stand together: {meaning}",
            "a file in a container's volume is named by container, volume and path"
            if place == "file"
            else "",
        )
    if table.file is not None:
        return HostFile(table.file)
    if table.credential is not None:
        return Credential(table.credential)
    if table.containers is not None:
        listing = table.containers
        if not table.values and not report.concerns((*key, "values")):
            report.add(key, "the source takes nothing from its containers", f"add [sources.{key[1]}.values]")
        status = listing.status or ContainerList().status
        return ContainerList(listing.label or (), "" if status == "any" else status, listing.network)
    return Environment()


def _of_container(key: _KeyOfSource, table: SourceTable, report: Report) -> Location | None:
    container = build_container(key, table, report)
    if table.inspect or table.command is not None:
        word = "inspect" if table.inspect else "command"
        foreign = [each for each in _OF_A_CONTAINER if each != word and _given(table, each)]
        if table.inspect:
            foreign += [each for each in ("format", "max_size", "timeout") if _given(table, each)]
        if foreign:
            report.add(
                (*key, foreign[0]), f"{listed([word, *foreign])} cannot stand together", "keep one of them"
            )
        if container is None:
            return None
        if table.command is None:
            return Inspection(container)
        if table.timeout is None:
            return ContainerCommand(container, table.command)
        return ContainerCommand(container, table.command, table.timeout)
    if table.timeout is not None:
        report.add((*key, "timeout"), "`timeout` is for a `command`")
    return build_container_file(key, container, table, table.path, report)


def _check_mirrored(key: _KeyOfSource, table: SourceTable, report: Report) -> None:
    foreign = [
        word
        for word in ("inspect", "command", "containers", "environment", "credential")
        if _given(table, word)
    ]
    if foreign:
        report.add((*key, foreign[0]), f"`{foreign[0]}` is not a folder that can be mirrored")
    elif table.format is not None:
        report.add((*key, "format"), "a folder that is mirrored has no format", "remove `format`")
    elif table.max_size is not None:
        report.add((*key, "max_size"), "a folder that is mirrored may have 16M", "remove `max_size`")


def _format(key: _KeyOfSource, table: SourceTable, location: Location, report: Report) -> Format | None:
    match location:
        case Inspection() | ContainerList() | Environment():
            return None
        case ContainerCommand() | Credential():
            return Format(table.format) if table.format else Format.TEXT
    return format_of(key, table.format, str(table.file or table.path or ""), report)


def _given(table: SourceTable, word: str) -> bool:
    return getattr(table, word) is not None
