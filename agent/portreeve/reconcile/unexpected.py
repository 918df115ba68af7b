"""Gives an error that nobody expected a name, so that it is a state like any other and tried again."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from portreeve.errors import Failed, PortreeveError, Reason

log = logging.getLogger(__name__)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Let only errors with a reason out of the block.

    Without this a bug that one sync meets would leave it pending for good, and the agent never ready.

    Args:
        name: the sync.

    Raises:
        Failed: ``internal-error``; the journal has the traceback, which may quote values and so stays there.
    """
    try:
        yield
    except PortreeveError:
        raise
    except Exception as bug:
        log.exception("working on %s failed in a way nobody expected; this is a bug", name)
        raise Failed(
            Reason.INTERNAL,
            "the work failed in a way nobody expected",
            evidence=type(bug).__name__,
            hint="please report it with the traceback in `journalctl -u portreeve`",
        ) from bug
