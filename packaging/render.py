"""Writes what the built program knows best into debian/, under the names that debhelper looks for.

    ENVIRONMENT/bin/python3 packaging/render.py FOLDER

Units in the distribution's form, and completions for bash, zsh and fish.
"""

import os
import subprocess
import sys
from pathlib import Path

from portreeve.systemd.generate import own_units

PROGRAM = Path("/usr/bin/portreeve")
SHELLS = {"bash": "portreeve", "zsh": "_portreeve", "fish": "portreeve.fish"}


def main(folder: Path) -> None:
    """Write all of it."""
    for name, text in own_units(PROGRAM).items():
        # debhelper takes a template unit's first part for a name of its own: dh_installsystemd --name
        file = folder / ("portreeve." + name if "@" in name else name)
        file.write_text(text)
    built = folder / "completions"
    built.mkdir(exist_ok=True)
    for shell, name in SHELLS.items():
        (built / name).write_text(_completion(shell))


def _completion(shell: str) -> str:
    command = [sys.executable, "-m", "portreeve"]
    environment = {**os.environ, "_PORTREEVE_COMPLETE": f"{shell}_source"}
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
