"""Judges generated units before they are installed: each by itself, and all of them within a boot."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from portreeve import process
from portreeve.errors import Failed, Reason
from portreeve.systemd.generate import AGENT_UNIT
from portreeve.systemd.unit_paths import installed
from portreeve.systemd.verify import verify_units

_BOOT = "multi-user.target"
_UNITS = Path("/etc/systemd/system")


def verify_generated(files: Mapping[str, str], timeout: float) -> None:
    """Check generated unit files as systemd would read them.

    Args:
        files: path relative to systemd's folder of units, and text.
        timeout: seconds for each run of ``systemd-analyze``.

    Raises:
        Failed: systemd refuses one, or a boot with them has an ordering cycle, which systemd would break by
            dropping a job: a unit would silently not be started.
    """
    with tempfile.TemporaryDirectory(prefix="portreeve-units-") as scratch:
        folder = Path(scratch)
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        verify_units({_UNITS / name: folder / name for name in files}, timeout)
        amended = {name.partition(".d/")[0] for name in files if ".d/" in name}
        _refuse_cycles(folder, [AGENT_UNIT, *sorted(amended)], timeout)


def _refuse_cycles(folder: Path, started: Sequence[str], timeout: float) -> None:
    """Judge a boot that starts these units too, whether they are enabled or not."""
    target = installed(_BOOT)
    if target is None:
        return
    # systemd-analyze builds the whole transaction of what it is given, so it is given the boot.
    (folder / _BOOT).write_bytes(target.read_bytes())
    wants = folder / f"{_BOOT}.wants"
    wants.mkdir()
    for unit in started:
        file = folder / unit if (folder / unit).exists() else installed(unit)
        if file is not None:
            (wants / unit).symlink_to(file)
    # With --recursive-errors=no it says nothing of cycles, and its exit status never tells of them.
    completed = process.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=one", os.fspath(folder / _BOOT)],
        timeout=timeout,
        environment={"SYSTEMD_UNIT_PATH": f"{folder}:"},
    )
    lines = completed.output.splitlines()
    if any("ordering cycle" in line for line in lines):
        told = [line for line in lines if "cycle" in line or "Found dependency" in line]
        raise Failed(
            Reason.UNITS_INVALID,
            "a boot with these units has an ordering cycle",
            evidence="\n".join(told).replace(f"{folder}/", ""),
            hint="a unit that is started before basic.target cannot wait for Docker or a sync",
        )
