"""Which keys wait for which others: a sync whose sources are another's targets is looked at after it."""

from collections.abc import Container, Iterable, Mapping

SETTLE = 0.1
"""Seconds between what makes a key with others before it due and the look at it.

One change wakes several keys, in no order and through several threads, and a file that was just made wakes
them 50 ms later. Whoever comes first in the chain must be due by then, or be worked on.
"""

PATIENCE = 30.0
"""Seconds that a due key waits for those before it at most: one that is always busy must not starve it."""


class Chains:
    """When a key may be taken, by what is before it; a pure decision, guarded by the queue's lock."""

    def __init__(self) -> None:
        self._before: Mapping[str, frozenset[str]] = {}
        self._ended: dict[str, float] = {}

    def order(self, before: Mapping[str, Iterable[str]]) -> None:
        """Replace what is known.

        Args:
            before: by key, those directly before it. Keys in a circle do not wait for each other.
        """
        reach = {key: _reach(key, before) for key in before}
        self._before = {
            key: frozenset(other for other in others if key not in reach.get(other, ()))
            for key, others in reach.items()
        }
        heads = self._heads()
        self._ended = {key: at for key, at in self._ended.items() if key in heads}

    def ended(self, key: str, now: float) -> bool:
        """Work on a key ended; tell whether another may have waited for that."""
        if key not in self._heads():
            return False
        self._ended[key] = now
        return True

    def ready_at(
        self, key: str, due: float, now: float, *, working: Container[str], waiting: Mapping[str, float]
    ) -> float:
        """When a due key may be taken, as far as that is known now.

        Args:
            key: which one.
            due: since when, monotonic seconds.
            now: monotonic seconds.
            working: the keys that are worked on.
            waiting: when each of the others is due.
        """
        before = self._before.get(key)
        if not before:
            return due
        limit = due + PATIENCE
        if any(other in working or waiting.get(other, limit) <= now for other in before):
            return limit
        return min(limit, max(due, *(self._ended.get(other, due) for other in before)) + SETTLE)

    def _heads(self) -> set[str]:
        return {other for others in self._before.values() for other in others}


def _reach(key: str, before: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """All keys before this one, by however many links."""
    found: set[str] = set()
    pending = list(before.get(key, ()))
    while pending:
        other = pending.pop()
        if other not in found and other != key:
            found.add(other)
            pending.extend(before.get(other, ()))
    return frozenset(found)
