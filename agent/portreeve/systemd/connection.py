"""One short-lived D-Bus connection in which every wait ends at one deadline.

jeepney does the wire format and the authentication; its own connection class waits without limit for the
answer to ``Hello``.
"""

import itertools
import time
from collections import deque
from errno import ECONNRESET
from types import TracebackType
from typing import Any

from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_call
from jeepney.bus import get_bus
from jeepney.io.blocking import prep_socket

_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"


class BusError(Exception):
    """The bus, or who was asked, answered with an error.

    Args:
        name: the error's D-Bus name.
        message: its text.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}" if message else name)
        self.name = name
        self.message = message


class Connection:
    """A conversation with one peer on the bus.

    Args:
        address: ``SYSTEM`` or a D-Bus address.
        peer: the well-known name that is spoken with.
        timeout: seconds for the whole conversation.

    Raises:
        OSError: there is no bus.
        TimeoutError: from any method, once the time is over.
        BusError: nobody on the bus has the peer's name, or it answers with an error.
    """

    def __init__(self, address: str, peer: str, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self._peer = peer
        self._serials = itertools.count(1)
        self._parser = Parser()
        self._wanted: str | None = None
        self._signals: deque[Message] = deque()
        self._socket = prep_socket(get_bus(address), timeout=timeout)
        try:
            self._ask(_BUS, _BUS_PATH, _BUS, "Hello", None, ())
            # A signal that is sent to one connection alone needs no subscription, and any user may send
            # one: only the sender's unique name, which the bus fills in, tells it from a forged one.
            (self._peer_unique,) = self._ask(_BUS, _BUS_PATH, _BUS, "GetNameOwner", "s", (peer,))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def match_signals(self, interface: str, member: str) -> None:
        """Have the bus deliver a signal of the peer; :meth:`next_signal` returns nothing else."""
        rule = f"type='signal',sender='{self._peer}',interface='{interface}',member='{member}'"
        self._ask(_BUS, _BUS_PATH, _BUS, "AddMatch", "s", (rule,))
        self._wanted = member

    def call(
        self, path: str, interface: str, method: str, signature: str | None, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Call a method of the peer and return what it answers; signals that come first are kept."""
        return self._ask(self._peer, path, interface, method, signature, body)

    def next_signal(self) -> Message:
        """The next matched signal, of those already come or still to come."""
        while not self._signals:
            self._keep_signal(self._receive())
        return self._signals.popleft()

    def _ask(
        self, peer: str, path: str, interface: str, method: str, signature: str | None, body: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        call = new_method_call(DBusAddress(path, peer, interface), method, signature, body)
        serial = next(self._serials)
        self._socket.settimeout(self._remaining())
        self._socket.sendall(call.serialise(serial=serial))
        while True:
            message = self._receive()
            if message.header.fields.get(HeaderFields.reply_serial) != serial:
                self._keep_signal(message)
            elif message.header.message_type is MessageType.error:
                name = message.header.fields[HeaderFields.error_name]
                raise BusError(name, str(message.body[0]) if message.body else "")
            else:
                return tuple(message.body)

    def _receive(self) -> Message:
        while (message := self._parser.get_next_message()) is None:
            self._socket.settimeout(self._remaining())
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError(ECONNRESET, "the bus closed the connection")
            self._parser.add_data(data)
        return message

    def _remaining(self) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    def _keep_signal(self, message: Message) -> None:
        fields = message.header.fields
        if (
            message.header.message_type is MessageType.signal
            and fields.get(HeaderFields.member) == self._wanted
            and fields.get(HeaderFields.sender) == self._peer_unique
        ):
            self._signals.append(message)
