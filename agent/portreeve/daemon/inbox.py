"""What the main loop is told: signals, and that something changed. The rest happens in other threads."""

import queue
import signal
from enum import Enum, auto
from types import FrameType


class Message(Enum):
    """Why the main loop wakes."""

    STOP = auto()
    """SIGTERM or SIGINT."""
    RELOAD = auto()
    """SIGHUP: read the definitions again, and say so to systemd."""
    DEFINITIONS_CHANGED = auto()
    """A definition's file changed."""
    STATUS_CHANGED = auto()
    """A sync's status changed."""


_SIGNALS = {
    signal.SIGTERM: Message.STOP,
    signal.SIGINT: Message.STOP,
    signal.SIGHUP: Message.RELOAD,
}


class Inbox:
    """Messages for the main loop; the same message twice before it is taken is one."""

    def __init__(self) -> None:
        # SimpleQueue.put may be called in a signal handler, also while the same thread waits in get().
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._pending: set[Message] = set()

    def put(self, message: Message) -> None:
        """Tell the main loop; from any thread, or a signal handler."""
        if message not in self._pending:
            self._pending.add(message)
            self._messages.put(message)

    def get(self, timeout: float | None) -> Message | None:
        """The next message, or ``None`` when none came within ``timeout`` seconds."""
        try:
            message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        self._pending.discard(message)
        return message

    def listen_to_signals(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP are messages; call it in the main thread."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.put(_SIGNALS[signal.Signals(number)])
