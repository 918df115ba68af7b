"""One listening socket: who may come in, how many at once, each on a thread that ends."""

import contextlib
import errno
import json
import logging
import os
import socket
import stat
import threading
from pathlib import Path
from socketserver import BaseRequestHandler, UnixStreamServer
from typing import Any

from portreeve.clock import SYSTEM_CLOCK
from portreeve.control.failures import error_to_json
from portreeve.control.handler import REQUEST_DEADLINE, Handler
from portreeve.control.peer import Peer, Slots, peer_of
from portreeve.control.routes import Routes
from portreeve.errors import Reason, Unreachable

log = logging.getLogger(__name__)

CONNECTIONS = 64
"""Served at once on one socket; each waiting unit of a boot holds one."""

UNTRUSTED_CONNECTIONS = 16
"""How many of them may be from other users than root and the agent's own."""

_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Door(UnixStreamServer):
    """A unix socket and the connections that came through it.

    ``ThreadingMixIn`` is not used: it neither bounds its threads nor can it join daemon threads; and
    ``serve_forever`` is not used: it wakes up twice a second for nothing.

    Args:
        path: where the socket is.
        mode: its permission bits.
        routes: what can be asked.
        trusting: trusted peers may ask for everything here.
        request_deadline: seconds within which a request must have come.
        slots: bounds the connections.

    Raises:
        OSError: the socket cannot be made there.
    """

    request_queue_size = 128
    timeout = 0

    def __init__(
        self,
        path: Path,
        mode: int,
        routes: Routes,
        *,
        trusting: bool,
        request_deadline: float = REQUEST_DEADLINE,
        slots: Slots | None = None,
    ) -> None:
        super().__init__(str(path), BaseRequestHandler, bind_and_activate=False)
        self._path = path
        self._mode = mode
        self._routes = routes
        self._trusting = trusting
        self._request_deadline = request_deadline
        self._slots = slots or Slots(CONNECTIONS, UNTRUSTED_CONNECTIONS)
        self._served: dict[threading.Thread, socket.socket] = {}
        try:
            self.server_bind()
            self.server_activate()
        except OSError:
            self.server_close()
            raise

    def server_bind(self) -> None:
        """Make the socket's file, never more open than it shall be and right before anybody can connect.

        The mode of the descriptor is what bind gives the file, less the umask (unix(7)). A changed umask
        would do as well, but it is the whole process's, and other threads write files meanwhile.
        """
        _remove_left_behind(self._path)
        os.fchmod(self.socket.fileno(), self._mode)
        super().server_bind()
        self._path.chmod(self._mode)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; without descriptors left, breathe instead of spinning on the same one."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in _OUT_OF_DESCRIPTORS:
                log.warning("a connection cannot be accepted: %s", error)
                threading.Event().wait(0.2)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Serve a connection on a thread of its own, or say at once that there are too many.

        Called by the accepting thread alone, as is all that touches the threads until :meth:`leave`.
        """
        peer = peer_of(request)
        if not self._slots.take(peer):
            self._turn_away(request, peer)
            return
        name = f"control-{self._path.stem}"
        thread = threading.Thread(target=self._serve, args=(request, peer), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # TasksMax= of the unit, or RLIMIT_NPROC.
            self._slots.give_back(peer)
            self._turn_away(request, peer)
            return
        self._served = {known: open_ for known, open_ in self._served.items() if known.is_alive()}
        self._served[thread] = request

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A connection that was gone before it could be served."""
        log.debug("a connection could not be served", exc_info=True)

    def leave(self, timeout: float) -> None:
        """Close the socket, give connections that long to end by themselves, then end them.

        Args:
            timeout: seconds.
        """
        self.server_close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self.join(timeout)
        for connection in self._served.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.join(timeout)

    def join(self, timeout: float) -> None:
        """Wait for the connections to end by themselves, that many seconds in all."""
        deadline = SYSTEM_CLOCK.monotonic() + timeout
        for thread in self._served:
            thread.join(max(0.0, deadline - SYSTEM_CLOCK.monotonic()))

    def _serve(self, connection: socket.socket, peer: Peer) -> None:
        trusted = self._trusting and peer.trusted
        try:
            Handler(connection, self, self._routes, trusted=trusted, request_deadline=self._request_deadline)
        finally:
            self.shutdown_request(connection)
            self._slots.give_back(peer)

    def _turn_away(self, connection: socket.socket, peer: Peer) -> None:
        log.warning("too many connections: one of uid %d is turned away", peer.uid)
        error = Unreachable(
            Reason.AGENT_UNREACHABLE,
            "the agent serves too many connections",
            hint="end some of them: ss -xp | grep portreeve",
        )
        body = json.dumps(error_to_json(error)).encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        # It fits into the buffer of a new connection, so this does not block; the client may be gone.
        with contextlib.suppress(OSError):
            connection.send(head.encode() + body, socket.MSG_DONTWAIT)
        self.shutdown_request(connection)


def _remove_left_behind(path: Path) -> None:
    """Remove a socket that an agent left when it was killed; anything else there is not ours."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
