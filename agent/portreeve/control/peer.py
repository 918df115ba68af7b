"""Who is at the other end of a socket, and how many of them are served at once."""

import os
import socket
import struct
import threading
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that connected, as the kernel says (unix(7), SO_PEERCRED).

    Args:
        pid: its process id at the time of connecting.
        uid: its effective user id at that time.
    """

    pid: int
    uid: int

    @property
    def trusted(self) -> bool:
        """It is root, or whoever runs the agent."""
        return self.uid in (0, os.geteuid())


def peer_of(connection: socket.socket) -> Peer:
    """The process at the other end.

    Raises:
        OSError: the connection is gone.
    """
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(data)
    return Peer(pid, uid)


class Slots:
    """Bounds the connections served at once, so that nobody can take all threads.

    Args:
        total: connections at once.
        untrusted: how many of them may be from users other than root and the agent's own: the rest stays
            free for the waiting units of a boot.
    """

    def __init__(self, total: int, untrusted: int) -> None:
        self._lock = threading.Lock()
        self._free = total
        self._free_for_untrusted = untrusted

    def take(self, peer: Peer) -> bool:
        """Take a slot; false when there is none."""
        with self._lock:
            if self._free == 0 or (not peer.trusted and self._free_for_untrusted == 0):
                return False
            self._free -= 1
            self._free_for_untrusted -= not peer.trusted
            return True

    def give_back(self, peer: Peer) -> None:
        """Return the slot that this peer took."""
        with self._lock:
            self._free += 1
            self._free_for_untrusted += not peer.trusted
