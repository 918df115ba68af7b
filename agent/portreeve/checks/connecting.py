"""A TCP connection within one deadline: the look-up of the name and all of its addresses together.

``socket.create_connection`` gives each address the whole time, and the C library's look-up has no end that a
caller could set: resolv.conf(5) alone allows for half a minute.
"""

import errno
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass, field

_LOOK_UPS_MOST = 16
"""Names that are looked up at a time: one that hangs has a thread of its own until the C library gives up."""

_Address = tuple[str | int, ...] | tuple[int, bytes]
"""As the address family has it."""


@dataclass(slots=True)
class _LookUp:
    found: list[tuple[int, _Address]] = field(default_factory=list)
    error: OSError | UnicodeError | None = None
    ended: threading.Event = field(default_factory=threading.Event)


_looked_up: dict[str, _LookUp] = {}
_lock = threading.Lock()


def connect(host: str, port: int, timeout: float) -> socket.socket:
    """A connection, made within ``timeout``.

    Args:
        host: a name or an address.
        port: 1 to 65535.
        timeout: seconds for everything.

    Raises:
        TimeoutError: it was not made in time.
        OSError: there is no such name, or nothing answers there.
        UnicodeError: the name is none.
    """
    deadline = time.monotonic() + timeout
    addresses = _addresses(host, timeout)
    failure: OSError = OSError(errno.EADDRNOTAVAIL, "the name has no address")
    for tried, (family, address) in enumerate(addresses):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("not connected in time")
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            # One that answers nothing leaves their share to the others.
            connection.settimeout(left / (len(addresses) - tried))
            connection.connect((address[0], port, *address[2:]))
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _addresses(host: str, timeout: float) -> list[tuple[int, _Address]]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _look_up(host, timeout)
    return _ask(host)


def _ask(host: str) -> list[tuple[int, _Address]]:
    told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [(int(family), address) for family, _, _, _, address in told]


def _look_up(host: str, timeout: float) -> list[tuple[int, _Address]]:
    """Ask in a thread of its own, which whoever asks for the same name meanwhile waits for as well."""
    with _lock:
        look_up = _looked_up.get(host)
        if look_up is None:
            if len(_looked_up) >= _LOOK_UPS_MOST:
                raise TimeoutError("too many names are being looked up already")
            look_up = _LookUp()
            # Known once it runs: where no thread can be started, nobody would take it away again.
            threading.Thread(target=_run, args=(host, look_up), name="look-up", daemon=True).start()
            _looked_up[host] = look_up
    if not look_up.ended.wait(timeout):
        raise TimeoutError("the name was not found out in time")
    if look_up.error is not None:
        raise look_up.error
    return look_up.found


def _run(host: str, look_up: _LookUp) -> None:
    try:
        look_up.found = _ask(host)
    except (OSError, UnicodeError) as error:
        look_up.error = error
    finally:
        with _lock:
            del _looked_up[host]
        look_up.ended.set()
