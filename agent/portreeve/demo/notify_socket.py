"""The other end of sd_notify(3): hears what a child says where no systemd is there to listen."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

_CLOSE = b""
_LONGEST = 65_536


class NotifySocket:
    """A notify socket that tells each assignment as it comes.

    Args:
        path: where it is made.
        hear: called with each assignment, such as ``READY=1``, on the socket's own thread.
    """

    def __init__(self, path: Path, hear: Callable[[str], None]) -> None:
        self.path = path
        self._hear = hear
        self._ready = False
        self._decided = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._listen, name="notify-socket")

    def __enter__(self) -> "NotifySocket":
        self.path.unlink(missing_ok=True)
        self._socket.bind(str(self.path))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as closing:
            closing.sendto(_CLOSE, str(self.path))
        self._thread.join()
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def wait_ready(self, timeout: float) -> bool:
        """Wait for ``READY=1``; whether it came within ``timeout`` seconds and before :meth:`give_up`."""
        self._decided.wait(timeout)
        return self._ready

    def give_up(self) -> None:
        """Nobody is there any more who could be ready."""
        self._decided.set()

    def _listen(self) -> None:
        while message := self._socket.recv(_LONGEST):
            for assignment in message.decode(errors="replace").splitlines():
                self._hear(assignment)
                if assignment == "READY=1":
                    self._ready = True
                    self._decided.set()
