"""What Docker means by 409, which says no more than "not in this state"."""

import re
from enum import StrEnum


class Conflict(StrEnum):
    """Why Docker refused, by its own words."""

    PAUSED = "paused"
    RESTARTING = "restarting"
    NOT_RUNNING = "not-running"
    RUNNING = "running"
    """It runs, and only what does not run can be removed without force."""
    MARKED_FOR_REMOVAL = "marked-for-removal"
    REMOVAL_IN_PROGRESS = "removal-in-progress"
    NAME_IN_USE = "name-in-use"
    OTHER = "other"


_TABLE = (
    # A text may hold the words of several; the first that fits is meant. Names of containers hold no spaces.
    (Conflict.NAME_IN_USE, r"container name .{1,300} is already in use"),
    (Conflict.REMOVAL_IN_PROGRESS, r"removal of container \S+ is already in progress"),
    (Conflict.MARKED_FOR_REMOVAL, r"marked for removal"),
    (Conflict.NOT_RUNNING, r"is not running"),
    (Conflict.RESTARTING, r"is restarting|restarting container"),
    (Conflict.PAUSED, r"is paused|is already paused|paused container"),
    (Conflict.RUNNING, r"running container|is running"),
)
_PATTERNS = tuple((conflict, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for conflict, pattern in _TABLE)


def conflict(text: str) -> Conflict:
    """Tell one 409 from another.

    It is a hint like every answer: whoever acts on it inspects the container again.

    Args:
        text: Docker's explanation, of any version from 20.10 to 29.
    """
    return next((each for each, pattern in _PATTERNS if pattern.search(text[:4096])), Conflict.OTHER)


def name_holder(text: str) -> str | None:
    """The id of the container that holds a name, from Docker's refusal to give it to another.

    Docker frees a name a moment after inspect says that its container is gone (moby#37698), so whoever
    creates compares this with what it has removed itself: that is waited for, anything else is a stranger's.

    Args:
        text: Docker's explanation of a 409.
    """
    found = _HOLDER.search(text[:4096])
    return found[1] if found else None


_HOLDER = re.compile(r'already in use by container "?([0-9a-f]{64})')
