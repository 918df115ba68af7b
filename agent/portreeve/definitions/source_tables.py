"""``[sources.NAME]``: where values live."""

from portreeve.definitions.model import ContainerFile, ContainerRef, Format, HostFile, Location, Source
from portreeve.definitions.report import Report
from portreeve.definitions.schema import SourceTable

_ADDRESSES = ("file", "container", "compose", "label")
_FORMAT_OF_SUFFIX = {
    ".env": Format.ENV,
    ".ini": Format.INI,
    ".json": Format.JSON,
    ".toml": Format.TOML,
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
}


def build_source(name: str, table: SourceTable, report: Report) -> Source | None:
    """A source, or ``None`` with the reasons in the report."""
    key = ("sources", name)
    location = _location(key, table, report)
    format_ = _format(key, table, report)
    if location is None or format_ is None or report.concerns(key):
        return None
    if table.max_size is None:
        return Source(name, location, format_)
    return Source(name, location, format_, table.max_size)


def _location(key: tuple[str, str], table: SourceTable, report: Report) -> Location | None:
    used = [word for word in _ADDRESSES if getattr(table, word) is not None]
    if len(used) > 1:
        report.add(
            (*key, used[1]),
            f"{_listed(used)} cannot stand together: a source is in one place",
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
    if table.file is not None:
        others = [word for word in ("volume", "mount", "path") if getattr(table, word) is not None]
        if others:
            report.add(
                (*key, others[0]),
                f"{_listed(['file', *others])} cannot stand together: `file` is a file of the host",
                "a file in a container's volume is named by container, volume and path",
            )
        return HostFile(table.file)
    return _container_file(key, table, report)


def _container_file(key: tuple[str, str], table: SourceTable, report: Report) -> Location | None:
    container = _container(key, table, report)
    report.require((*key, "path"), table.path, "the file to read, relative to the volume or mount")
    if table.volume is not None and table.mount is not None:
        report.add(
            (*key, "mount"), "`volume` and `mount` cannot stand together: they name the same thing twice"
        )
    for word, text in (("volume", table.volume), ("container", table.container), ("label", table.label)):
        if text is not None and not text.strip("/ "):
            report.add((*key, word), f"`{word}` must not be empty")
    inside = table.volume is not None or table.mount is not None or report.concerns((*key, "volume"))
    if table.path is None or container is None:
        return None
    if inside and table.path.startswith("/"):
        report.add(
            (*key, "path"),
            f'`path` must be relative to the volume or mount, not "{table.path}"',
            f'did you mean "{table.path.lstrip("/")}"?',
        )
    elif not inside and not table.path.startswith("/"):
        report.add(
            (*key, "path"),
            f'`path` must be absolute inside the container, not "{table.path}"',
            "or name the volume or mount that it is relative to",
        )
    return ContainerFile(container, table.path, table.volume, table.mount)


def _container(key: tuple[str, str], table: SourceTable, report: Report) -> ContainerRef | None:
    if table.compose is not None:
        for word in ("project", "service"):
            value = getattr(table.compose, word)
            report.require(
                (*key, "compose", word), value or None, 'compose = { project = "…", service = "…" }'
            )
        return ContainerRef(project=table.compose.project, service=table.compose.service)
    return ContainerRef(name=table.container, label=table.label)


def _format(key: tuple[str, str], table: SourceTable, report: Report) -> Format | None:
    if table.format is not None:
        return Format(table.format)
    file = str(table.file or table.path or "")
    name = file.rpartition("/")[2]
    # ".env" is a name without a suffix to most, and the usual name of an env file.
    format_ = _FORMAT_OF_SUFFIX.get(name[name.rfind(".") :] if "." in name else "")
    if file and format_ is None and not report.concerns((*key, "format")):
        report.add(
            (*key, "format"),
            f'the format of "{name}" cannot be told from its name',
            f'add format = "…", one of {", ".join(Format)}',
        )
    return format_


def _listed(words: list[str]) -> str:
    return " and ".join(f"`{word}`" for word in words)
