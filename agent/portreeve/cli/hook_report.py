"""What a hook has to tell in one line: what was kept, or what goes on later."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portreeve.cli.text import printable, state_words
from portreeve.control import codec
from portreeve.control.outcome import as_wanted
from portreeve.reconcile.status import State, SyncStatus
from portreeve.supervise.status import ServiceStatus

_MOST = 4
"""Syncs and services that a line names; a package rarely touches more."""

_LONGEST = 400
"""Letters of a line, since a value may be a long list."""


@dataclass(slots=True)
class HookReport:
    """What is known of a hook so far.

    Args:
        about: the package and its version, as they are told.
        noted: the mark is on the disk.
        touched: names of syncs and guarded services that the package touches; ``None`` before the agent told.
        syncs: what stands, by name.
        services: likewise.
    """

    about: str
    noted: bool = False
    touched: list[str] | None = None
    syncs: dict[str, SyncStatus] = field(default_factory=dict)
    services: dict[str, ServiceStatus] = field(default_factory=dict)

    def take(self, line: dict[str, Any]) -> None:
        """Remember a line of the agent's stream.

        Raises:
            Failed: ``internal-error``; an agent of another version says it otherwise.
        """
        if "hook" in line:
            found = line["hook"]
            self.touched = [*map(str, found.get("syncs", ())), *map(str, found.get("services", ()))]
        elif "sync" in line:
            sync = codec.sync_status(line["sync"])
            self.syncs[sync.name] = sync
        elif "service" in line:
            service = codec.service_status(line["service"])
            self.services[service.name] = service

    def held(self) -> str:
        """What is left alone while the package is changed, with the values in force; empty for nothing."""
        names = self.touched or []
        parts = [
            f"{name} ({_values(self.syncs[name])})"
            if name in self.syncs and self.syncs[name].values
            else name
            for name in names
        ]
        verb = "is" if len(names) == 1 else "are"
        return self._line(f"{_listed(parts, ', ')} {verb} left alone until that is done") if names else ""

    def kept(self) -> str:
        """What was kept, and what is not done yet; empty for nothing that the package touches."""
        return self._line(_listed([self._one(name) for name in self.touched], "; ")) if self.touched else ""

    def later(self, why: str) -> str:
        """That it goes on without this hook, and why."""
        return self._line(f"noted, and seen to later ({why})" if self.noted else f"nothing was noted: {why}")

    def _one(self, name: str) -> str:
        if name in self.syncs:
            return _of_sync(self.syncs[name])
        if name in self.services:
            return f"service {name} is {self.services[name].state.value.replace('-', ' ')}"
        return f"{name} was not looked at yet"

    def _line(self, *parts: str) -> str:
        text = printable(" ".join(": ".join(("portreeve", self.about, *parts)).split()))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _of_sync(sync: SyncStatus) -> str:
    if sync.state is State.IN_STEP:
        return f"{sync.name} keeps {_values(sync)}, verified" if sync.values else f"{sync.name} is verified"
    what = sync.trouble.what if sync.trouble else ""
    if as_wanted(sync):
        return f"{sync.name} is {what or state_words(sync.state)}"
    return f"{sync.name} is {state_words(sync.state)}" + (f": {what}" if what else "")


def _values(sync: SyncStatus) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sync.values.items())


def _listed(parts: Sequence[str], between: str) -> str:
    more = f"{between}and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return between.join(parts[:_MOST]) + more
