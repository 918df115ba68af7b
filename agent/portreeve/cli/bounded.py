"""An end for a piece of work that must never outlast its time, whatever it waits in."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Interrupted(BaseException):
    """The time is over, or somebody ends the program.

    It is no ``Exception``, so that nothing on its way takes it for a failure of its own.

    Args:
        number: the signal that said so; ``SIGALRM`` for the time.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def out_of_time(self) -> bool:
        """Nobody ended it; it took too long."""
        return self.number == signal.SIGALRM


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Raise :class:`Interrupted` in what is inside when the time is over, or at SIGTERM, SIGHUP or SIGINT.

    A signal interrupts every wait that the kernel lets one interrupt, also those that know of no deadline: a
    lock, a full pipe, an agent that sends a byte a minute.

    Args:
        seconds: more than 0.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    former = {number: signal.signal(number, interrupt) for number in _ENDING}
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in former.items():
            signal.signal(number, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)
