"""Has systemd itself judge unit files before they are in place."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from portreeve import process
from portreeve.errors import Failed, Reason
from portreeve.systemd.unit_file import UnitFile
from portreeve.systemd.unit_paths import installed, is_drop_in, unit_of


def verify_units(staged: Mapping[Path, Path], timeout: float) -> None:
    """Check staged unit files and drop-ins, each together with the unit that it amends.

    They are copied under their real names into a scratch folder, which is put in front of systemd's own
    search path, and judged by ``systemd-analyze verify``. No running systemd is needed.

    A drop-in for a unit that is not installed is checked for its syntax alone: it must be possible to write
    it before the package comes, so that the unit's first start is already right. So is everything where
    ``systemd-analyze`` is not installed.

    A vendor's unit may itself be refused (keys of a newer systemd); what it is refused for without the
    drop-in is not held against the drop-in.

    Args:
        staged: target path to staged file; files that are no unit files are ignored.
        timeout: seconds for each run of ``systemd-analyze``.

    Raises:
        Failed: systemd refuses them; evidence is what it said.
    """
    units = {target: file for target, file in staged.items() if unit_of(target) is not None}
    for target, file in units.items():
        _parse(target, file)
    if not units or shutil.which("systemd-analyze") is None:
        return
    with tempfile.TemporaryDirectory(prefix="portreeve-verify-") as scratch:
        after, before = Path(scratch, "after"), Path(scratch, "before")
        names = _lay_out(units, after, before)
        for name in names:
            said = _analyse(after, name, timeout)
            if said is None:
                continue
            known = (_analyse(before, name, timeout) or "").splitlines()
            if new := [line for line in said.splitlines() if line and line not in known]:
                raise Failed(
                    Reason.UNITS_INVALID,
                    f"systemd refuses the new {name}",
                    evidence="\n".join(new),
                    hint="correct the template that renders it",
                    step="check",
                )


def _parse(target: Path, file: Path) -> None:
    try:
        UnitFile.parse(file.read_text(encoding="utf-8"))
    except Failed as error:
        raise Failed(
            error.reason,
            f"{target} would not be a unit file",
            evidence=error.evidence,
            hint=error.hint,
            step="check",
        ) from error
    except UnicodeDecodeError as error:
        raise Failed(
            Reason.UNITS_INVALID, f"{target} would not be UTF-8", evidence=str(error), step="check"
        ) from error


def _lay_out(units: Mapping[Path, Path], after: Path, before: Path) -> list[str]:
    """Fill both folders, one with the new files and one as things are, and return the units to judge."""
    names: dict[str, None] = {}
    for target, file in units.items():
        unit = str(unit_of(target))
        own = Path(target.parent.name, target.name) if is_drop_in(target) else Path(target.name)
        _copy(file, after / own)
        # In the folder that shows things as they are, an empty file hides the drop-in that is replaced.
        if is_drop_in(target):
            _write(before / own, b"")
        names[unit] = None
    judged = []
    for unit in names:
        fragment = after / unit
        if not fragment.exists():
            vendor = installed(unit)
            if vendor is None:
                continue
            # systemd-analyze puts the folder of the file that it is given in front of everything, so the
            # vendor's file has to lie beside the staged ones, or a drop-in of today would hide a staged one.
            _copy(vendor, fragment)
            _copy(vendor, before / unit)
        judged.append(unit)
    return judged


def _analyse(folder: Path, unit: str, timeout: float) -> str | None:
    """What systemd says against a unit in a folder; ``None`` when nothing."""
    file = folder / unit
    if not file.exists():
        return None
    # The colon at the end appends systemd's own search path.
    completed = process.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", os.fspath(file)],
        timeout=timeout,
        environment={"SYSTEMD_UNIT_PATH": f"{folder}:"},
    )
    if completed.ok:
        return None
    # Paths in the scratch folder tell nobody anything.
    return completed.output.replace(f"{folder}/", "").strip() or completed.describe()


def _copy(source: Path, target: Path) -> None:
    _write(target, source.read_bytes())


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
