"""One process at a time works on the state."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portreeve.errors import Failed, Reason, Refused
from portreeve.paths import Paths


@contextmanager
def only_one(paths: Paths) -> Iterator[None]:
    """Hold the state's lock.

    Raises:
        Refused: ``already-running``: somebody else holds it.
        Failed: ``state-unusable``: the folder of the state cannot be made or written.
    """
    descriptor = _open_lock(paths)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                Reason.ALREADY_RUNNING,
                "another agent works on the same state",
                evidence=f"{paths.lock} is locked",
                hint="`systemctl status portreeve`; a second one needs its own PORTREEVE_ROOT",
            ) from error
        yield
    finally:
        os.close(descriptor)


def _open_lock(paths: Paths) -> int:
    try:
        return os.open(_state_folder(paths) / paths.lock.name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except PermissionError:
        # Somebody who is not root; the command line tells that by itself.
        raise
    except OSError as error:
        raise Failed(
            Reason.STATE_UNUSABLE,
            f"the folder of the state, {paths.state}, cannot be used",
            evidence=str(error),
            hint="look for a full or read-only disk; the service is started again by itself",
        ) from error


def _state_folder(paths: Paths) -> Path:
    """The folder of the state file, made if need be; readable by root alone, since files may hold secrets."""
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return paths.state
