"""Which paths are unit files and drop-ins, and where an installed unit is found."""

import re
from pathlib import Path

_KINDS = "service|socket|target|timer|path|mount|automount|swap|slice|scope|device"
# systemd.unit(5): letters, digits and ":-_.\" with an "@" for templates; "%" only inside of a unit.
_UNIT = re.compile(rf"[A-Za-z0-9:_.\\@-]+\.({_KINDS})")
# A folder of drop-ins may also be for a prefix ("foo-.service.d") or for a whole kind ("service.d").
_DROPIN_FOLDER = re.compile(rf"([A-Za-z0-9:_.\\@-]+\.)?({_KINDS})\.d")

UNIT_FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/etc/systemd/system",
        "/run/systemd/system",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    )
)
"""Where systemd looks for units, first hit wins (systemd.unit(5), without generators)."""


def is_unit_name(name: str) -> bool:
    """Whether it is the full name of a unit."""
    return _UNIT.fullmatch(name) is not None


def is_unit_path(path: Path) -> bool:
    """Whether systemd would read a file there: a unit or a drop-in under ``…/systemd/system/``."""
    return unit_of(path) is not None


def unit_of(path: Path) -> str | None:
    """The unit that a unit file or drop-in is about; ``None`` for any other file.

    A drop-in for a whole kind (``service.d``) answers with the kind's name alone.
    """
    if path.parent.parts[-2:] == ("systemd", "system"):
        return path.name if is_unit_name(path.name) else None
    in_folder = path.parent.parent.parts[-2:] == ("systemd", "system")
    if in_folder and path.suffix == ".conf" and _DROPIN_FOLDER.fullmatch(path.parent.name):
        return path.parent.name.removesuffix(".d")
    return None


def is_drop_in(path: Path) -> bool:
    """Whether a path of :func:`is_unit_path` is a drop-in."""
    return path.suffix == ".conf"


def installed(unit: str, folders: tuple[Path, ...] = UNIT_FOLDERS) -> Path | None:
    """The file of an installed unit, of a template for an instance; ``None`` when there is none."""
    prefix, at, instance = unit.partition("@")
    names = [unit]
    if at and not instance.startswith("."):
        names.append(f"{prefix}@.{unit.rpartition('.')[2]}")
    for name in names:
        for folder in folders:
            if (folder / name).is_file():
                return folder / name
    return None
