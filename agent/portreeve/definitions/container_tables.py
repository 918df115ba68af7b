"""How a table names a container, and a file in one."""

from portreeve.definitions.locations import ContainerFile, ContainerRef
from portreeve.definitions.positions import KeyPath
from portreeve.definitions.report import Report
from portreeve.definitions.tables import ContainerTable, FileTable

NAMES = ("container", "compose", "label")
"""The keys that name one container, each in its way."""


def names_given(table: ContainerTable) -> list[str]:
    """Those of :data:`NAMES` that a table has."""
    return [word for word in NAMES if getattr(table, word) is not None]


def build_container(key: KeyPath, table: ContainerTable, report: Report) -> ContainerRef | None:
    """The container that a table names; ``None`` when it names none, or more than one, which is reported."""
    used = names_given(table)
    if len(used) > 1:
        report.add(
            (*key, used[1]),
            f"{listed(used)} cannot stand together: each names a container",
            "keep one of them",
        )
    if len(used) != 1:
        return None
    for word, text in (("container", table.container), ("label", table.label)):
        if text is not None and not text.strip("/ "):
            report.add((*key, word), f"`{word}` must not be empty")
    if table.compose is None:
        return ContainerRef(name=table.container, label=table.label)
    for word in ("project", "service"):
        value = getattr(table.compose, word)
        report.require((*key, "compose", word), value or None, 'compose = { project = "…", service = "…" }')
    return ContainerRef(project=table.compose.project, service=table.compose.service)


def require_container(key: KeyPath, table: ContainerTable, report: Report) -> ContainerRef | None:
    """The same, where there must be one."""
    if not names_given(table) and not any(report.concerns((*key, word)) for word in NAMES):
        report.add((*key, "container"), "`container` is missing", "or compose, or label")
    return build_container(key, table, report)


def build_container_file(
    key: KeyPath, container: ContainerRef | None, table: FileTable, path: str | None, report: Report
) -> ContainerFile | None:
    """A file or folder in a container.

    Args:
        key: of the table.
        container: which one; ``None`` when that is not known.
        table: its ``volume`` and ``mount``.
        path: its ``path``.
        report: where mistakes go.
    """
    report.require((*key, "path"), path, "the file, relative to the volume or mount")
    if table.volume is not None and table.mount is not None:
        report.add(
            (*key, "mount"), "`volume` and `mount` cannot stand together: they name the same thing twice"
        )
    if table.volume is not None and not table.volume.strip("/ "):
        report.add((*key, "volume"), "`volume` must not be empty")
    inside = table.volume is not None or table.mount is not None or report.concerns((*key, "volume"))
    if path is None or container is None:
        return None
    if inside and path.startswith("/"):
        report.add(
            (*key, "path"),
            f'`path` must be relative to the volume or mount, not "{path}"',
            f'did you mean "{path.lstrip("/")}"?',
        )
    elif not inside and not path.startswith("/"):
        report.add(
            (*key, "path"),
            f'`path` must be absolute inside the container, not "{path}"',
            "or name the volume or mount that it is relative to",
        )
    return ContainerFile(container, path, table.volume, table.mount)


def listed(words: list[str]) -> str:
    """Keys as a sentence names them."""
    return " and ".join(f"`{word}`" for word in words)
