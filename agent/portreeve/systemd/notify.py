"""Says how the agent fares: sd_notify(3).

sdnotify finds the socket (abstract ones too). Its own ``notify`` encodes latin-1, after which systemd blanks
the status text, and hides every error, so that method is replaced.
"""

import logging
import os
import time

import sdnotify

_log = logging.getLogger(__name__)
_SEND_TIMEOUT = 1.0
_STATUS_LIMIT = 500
"""Characters of a status line; systemd shows it in one line of ``systemctl status``."""


class Notifier(sdnotify.SystemdNotifier):  # type: ignore[misc]  # sdnotify has no types
    """The service manager's notify socket; every method does nothing where there is none.

    Each method returns whether the message was sent.
    """

    def __init__(self) -> None:
        self.debug = False
        self.socket = None
        self._complained = False
        if os.environ.get("NOTIFY_SOCKET"):
            super().__init__()
            if self.socket is None:
                self._complain("NOTIFY_SOCKET cannot be connected to")
            else:
                self.socket.settimeout(_SEND_TIMEOUT)

    def notify(self, state: str) -> bool:
        """Send assignments, one a line."""
        if self.socket is None:
            return False
        try:
            self.socket.sendall(state.encode(errors="replace"))
        except OSError as error:
            self._complain(str(error))
            return False
        return True

    def ready(self) -> bool:
        """The definitions are loaded and every sync has been tried once; also ends a reload."""
        return self.notify("READY=1")

    def status(self, text: str) -> bool:
        """Set the one line that ``systemctl status`` shows.

        Line breaks become spaces: the text may hold what a container wrote, and a second line would be an
        assignment of its own (``MAINPID=…``).
        """
        return self.notify(f"STATUS={' '.join(text.split())[:_STATUS_LIMIT]}")

    def watchdog(self) -> bool:
        """The loop that does the work has come round."""
        return self.notify("WATCHDOG=1")

    def reloading(self) -> bool:
        """Definitions are being read anew; :meth:`ready` ends it.

        ``MONOTONIC_USEC`` is asked for by ``Type=notify-reload`` (systemd 253); 252 ignores it.
        """
        return self.notify(
            f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
        )

    def stopping(self) -> bool:
        """The agent is on its way out."""
        return self.notify("STOPPING=1")

    def extend_timeout(self, seconds: float) -> bool:
        """Ask for that many seconds more, counted from now, before starting or stopping is given up on."""
        return self.notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def close(self) -> None:
        """Let go of the socket."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _complain(self, evidence: str) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("systemd cannot be told how the agent fares: %s", evidence)


def watchdog_interval() -> float | None:
    """How often to call :meth:`Notifier.watchdog`, in seconds; ``None`` when nobody watches.

    A third of ``WATCHDOG_USEC``, so that two may be late. ``WATCHDOG_PID`` is checked as
    sd_watchdog_enabled(3) does: the variables of a parent are not meant for its children.
    """
    limit = os.environ.get("WATCHDOG_USEC", "")
    if not limit.isascii() or not limit.isdigit() or int(limit) == 0:
        return None
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(limit) / 1_000_000 / 3
