"""Ports of the firewall that syncs opened: each is closed again when its sync wants it no more."""

from collections.abc import Iterable
from dataclasses import dataclass

from portreeve.actions import firewalld
from portreeve.actions.firewalld import Opening
from portreeve.definitions.steps import ApplyStep, FirewalldPort
from portreeve.reconcile.store import Store


@dataclass(frozen=True, slots=True)
class Openings:
    """What syncs opened, and only that: a port that was open before stays so for good.

    Args:
        store: where it is remembered, before it is done: who opened a port must be known after a crash.
    """

    store: Store

    def open(self, name: str, step: FirewalldPort) -> str:
        """Let a port through for a sync.

        Returns:
            why there is nothing to do; empty when it is open.

        Raises:
            Failed: ``tool-failed``.
        """
        why_not = firewalld.unavailable()
        if why_not:
            return why_not
        for opening in firewalld.wanted_openings(step.port):
            if not firewalld.is_open(opening):
                known = self.store.record(name).opened
                self.store.remember_opened(name, tuple(dict.fromkeys((*known, str(opening)))))
                firewalld.open_port(opening)
        return ""

    def close_others(self, name: str, steps: Iterable[ApplyStep]) -> None:
        """Close what a sync opened and ``steps`` do not want.

        A port that another sync wants as well is that one's from then on.

        Raises:
            Failed: ``tool-failed``.
        """
        wanted = _ports(steps)
        for text in self.store.record(name).opened:
            opening = Opening.parse(text)
            if opening.port in wanted:
                continue
            other = self._other(name, opening.port)
            if other is not None:
                theirs = self.store.record(other).opened
                self.store.remember_opened(other, tuple(dict.fromkeys((*theirs, text))))
            elif firewalld.unavailable():
                # It is closed, or nobody can tell, until firewalld runs again.
                continue
            else:
                firewalld.close_port(opening)
            left = tuple(each for each in self.store.record(name).opened if each != text)
            self.store.remember_opened(name, left)

    def _other(self, name: str, port: str) -> str | None:
        for other in self.store.names():
            record = self.store.record(other)
            for generation in (record.unfinished, record.good):
                if other != name and generation is not None and generation.number > 0:
                    content = self.store.generations.content(other, generation.number)
                    if port in _ports(content.apply):
                        return other
        return None


def _ports(steps: Iterable[ApplyStep]) -> frozenset[str]:
    ports = (step.port for step in steps if isinstance(step, FirewalldPort))
    return frozenset(port if "/" in port else f"{port}/tcp" for port in ports)
