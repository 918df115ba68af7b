import threading
from collections.abc import Callable

import pytest

Eventually = Callable[[Callable[[], object], str], None]


class Woken:
    """Takes keys as the queue does, and remembers them."""

    def __init__(self, eventually: Eventually) -> None:
        self._eventually = eventually
        self._lock = threading.Lock()
        self.keys: list[tuple[str, float]] = []

    def __call__(self, key: str, delay: float, about: str | None = None) -> None:  # noqa: ARG002
        with self._lock:
            self.keys.append((key, delay))

    def take(self) -> list[tuple[str, float]]:
        """What came since the last time."""
        with self._lock:
            taken, self.keys = self.keys, []
        return taken

    def wait_for(self, key: str, delay: float | None = None) -> None:
        """Wait until the key comes, with that delay if one is given; forget what came."""
        self._eventually(
            lambda: any(each == key and delay in (None, after) for each, after in self.keys),
            f"{key} is enqueued",
        )
        self.take()

    def settles(self) -> set[float]:
        """Wait until nothing comes for a while; the delays of what came."""
        delays: set[float] = set()
        while self.keys:
            delays |= {delay for _, delay in self.take()}
            threading.Event().wait(0.3)
        return delays

    def stays_quiet(self, seconds: float = 0.3) -> None:
        """Nothing comes for a while."""
        threading.Event().wait(seconds)
        assert self.keys == []


@pytest.fixture
def woken(eventually: Eventually) -> Woken:
    return Woken(eventually)
