"""HTTP over Docker's unix socket for what the SDK does not do well: the ping and the event stream.

The SDK loses the cause of a refused connection in its constructor, leaves the socket of a failed connect to
the garbage collector, and waits for events without any timeout [read and measured, docker 7.2].
"""

import socket
from http.client import HTTPConnection

from portreeve.definitions.settings import DockerSettings


class UnixConnection(HTTPConnection):
    """One connection; connecting and each read end after the settings' timeout, with plain OS errors."""

    def __init__(self, settings: DockerSettings) -> None:
        super().__init__("localhost", timeout=settings.timeout)
        self._path = str(settings.socket)

    def connect(self) -> None:
        """Connect; what :mod:`http.client` calls."""
        unconnected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            unconnected.settimeout(self.timeout)
            unconnected.connect(self._path)
        except OSError:
            unconnected.close()
            raise
        self.sock = unconnected
