"""Which drop-ins of packages take back what one of ours says: those that sort after it (systemd.unit(5))."""

from collections.abc import Sequence
from pathlib import Path

from portreeve.systemd.unit_file import Section, UnitFile, UnitSyntaxError, read_sections

PACKAGES = (Path("/usr"), Path("/lib"))
"""Drop-ins below ``/etc`` and ``/run`` are the administrator's, who may overrule everybody on purpose."""


def overruled_by(
    ours: Path, drop_ins: Sequence[Path], packages: Sequence[Path] = PACKAGES
) -> dict[Path, tuple[str, ...]]:
    """The drop-ins of packages that change what one of ours has set, each with the keys of which it does.

    Whether a key that comes twice is added to or replaced is nothing that its file tells. So only what is
    certain counts: a key that ours took back first (``ListenStream=``), to be the only one to set it, and a
    key that a later file takes back.

    Args:
        ours: the drop-in.
        drop_ins: all of the unit in the order in which systemd reads them, its property ``DropInPaths``.
        packages: folders of files that packages bring.
    """
    if ours not in drop_ins:
        return {}
    mine = _sections(ours)
    later = {path: _sections(path) for path in drop_ins[drop_ins.index(ours) + 1 :]}
    packaged = {path for path in later if any(path.is_relative_to(folder) for folder in packages)}
    if not packaged:
        return {}
    in_force = UnitFile((*mine, *(part for parts in later.values() for part in parts)))
    without = UnitFile(
        (*mine, *(part for path, parts in later.items() if path not in packaged for part in parts))
    )
    lost = {
        (section, key)
        for section, key in _keys(mine)
        if _differs(mine, (section, key), in_force.values(section, key), without.values(section, key))
    }
    found = {path: sorted({key for section, key in _keys(later[path]) & lost}) for path in later}
    return {path: tuple(keys) for path, keys in found.items() if keys and path in packaged}


def _differs(
    mine: Sequence[Section], key: tuple[str, str], in_force: tuple[str, ...], wanted: tuple[str, ...]
) -> bool:
    alone = any(name == key[0] and (key[1], "") in settings for name, settings in mine)
    return in_force != wanted if alone else not set(wanted) <= set(in_force)


def _keys(sections: Sequence[Section]) -> set[tuple[str, str]]:
    return {(name, key) for name, settings in sections for key, _ in settings}


def _sections(path: Path) -> tuple[Section, ...]:
    try:
        return read_sections(path.read_text(errors="replace"))
    except (FileNotFoundError, UnitSyntaxError):
        # It went a moment ago, or systemd skips lines of it that nobody can judge here.
        return ()
