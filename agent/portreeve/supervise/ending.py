"""How a container ended, in words for somebody who has never met an exit code."""

import signal

from portreeve.containers.observed import Observed

_LEFT_BEHIND = 255
_SIGNAL = 128
_MEANINGS = {
    125: "Docker could not run it",
    126: "its program cannot be executed",
    127: "its program does not exist in it",
    # Docker writes this for a container whose process had vanished when the daemon came up (moby#41349).
    _LEFT_BEHIND: "which Docker also notes when the host or Docker went down under it",
}


def how_it_ended(seen: Observed) -> str:
    """Its exit code and what that means, ``exit code 137 (SIGKILL)``.

    Args:
        seen: a container that has ended.
    """
    said = f"exit code {seen.exit_code}"
    meaning = _meaning(seen.exit_code)
    if seen.oom_killed:
        # Docker notes it for any process of the container, also one whose end it survived.
        meaning = "the kernel ended a process of it for want of memory"
    return f"{said} ({meaning})" if meaning else said


def _meaning(code: int) -> str:
    if code in _MEANINGS:
        return _MEANINGS[code]
    try:
        name = signal.Signals(code - _SIGNAL).name
    except ValueError:
        return ""
    return f"ended by {name}"
