"""Running the programs of a build in an environment that is the same for everybody."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from release.errors import BuildError

_PASSED_ON = ("PATH", "HOME", "TMPDIR")


def environment(epoch: int) -> dict[str, str]:
    """What a program gets that must give the same bytes for everybody.

    Args:
        epoch: the time that artefacts bear, in seconds since 1970 (reproducible-builds.org).
    """
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    same = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"}
    return passed_on | same


def output(*argv: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 600) -> str:
    """What a program prints.

    Args:
        argv: program and arguments.
        cwd: where it runs.
        env: its complete environment; ours by default.
        timeout: seconds after which it is ended.

    Raises:
        BuildError: it failed, or is not there, or did not end.
    """
    try:
        ran = subprocess.run(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{argv[0]}: {error}") from error
    if ran.returncode:
        raise BuildError(f"{' '.join(argv)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout
