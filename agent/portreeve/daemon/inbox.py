"""What the main loop is told: signals, and that something changed. The rest happens in other threads."""

import os
import queue
import signal
import threading
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


_SIGNALS: dict[int, Message] = {
    signal.SIGTERM: Message.STOP,
    signal.SIGINT: Message.STOP,
    signal.SIGHUP: Message.RELOAD,
}


class Inbox:
    """Messages for the main loop; the same message twice before it is taken is one."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._pending: set[Message] = set()

    def put(self, message: Message) -> None:
        """Tell the main loop; from any thread."""
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
        """From now on SIGTERM, SIGINT and SIGHUP are messages; call it in the main thread.

        Python runs its handlers in the main thread, and only when that gets to it: a signal that comes just
        before the thread begins to wait, or that the kernel gives to another one, would not end the waiting.
        What Python does at once, in whatever thread, is to write the number to a pipe, which is read here.
        """
        heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, _heard_by_the_pipe)
        threading.Thread(target=self._hear, args=(heard,), name="signals", daemon=True).start()

    def _hear(self, heard: int) -> None:
        while numbers := os.read(heard, 64):
            for number in numbers:
                message = _SIGNALS.get(number)
                if message is not None:
                    self.put(message)


def _heard_by_the_pipe(_number: int, _frame: FrameType | None) -> None:
    """Without a handler Python would leave the signal to its default, which ends the process."""
