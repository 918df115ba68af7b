"""What a hook has to tell in one line: what was kept, or what goes on later."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portreeve.cli.text import printable, state_words
from portreeve.control import codec
from portreeve.control.outcome import as_wanted
from portreeve.reconcile.status import State, SyncStatus

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
        touched: names of the syncs that the package touches.
        guarded: names of the guarded services that it touches.
        syncs: what stands, by name.
        proved: what was kept, as the agent says it when all is done.
    """

    about: str
    noted: bool = False
    touched: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    syncs: dict[str, SyncStatus] = field(default_factory=dict)
    proved: str = ""

    def take(self, line: dict[str, Any]) -> None:
        """Remember a line of the agent's stream.

        Raises:
            Failed: ``internal-error``; an agent of another version says it otherwise.
        """
        if "hook" in line:
            self.touched = tuple(map(str, line["hook"].get("syncs", ())))
            self.guarded = tuple(map(str, line["hook"].get("services", ())))
        elif "sync" in line:
            sync = codec.sync_status(line["sync"])
            self.syncs[sync.name] = sync
        elif "result" in line:
            self.proved = str(line.get("kept", ""))

    def held(self) -> str:
        """What is left alone while the package is changed, with the values in force; empty for nothing."""
        names = (*self.touched, *self.guarded)
        parts = [
            f"{name} ({_values(self.syncs[name])})"
            if name in self.syncs and self.syncs[name].values
            else name
            for name in names
        ]
        verb = "is" if len(names) == 1 else "are"
        words = f"{_listed(parts, ', ')} {verb} left alone until that is done"
        return self._line(self.about, words) if names else ""

    def kept(self) -> str:
        """What was kept, or what is not done yet; empty for nothing that the package touches."""
        if not self.touched:
            return ""
        if self.proved:
            return self._line(self.proved)
        return self._line(self.about, _listed([self._one(name) for name in self.touched], "; "))

    def later(self, why: str) -> str:
        """That it goes on without this hook, and why."""
        words = f"noted, and seen to later ({why})" if self.noted else f"nothing was noted: {why}"
        return self._line(self.about, words)

    def _one(self, name: str) -> str:
        return _of_sync(self.syncs[name]) if name in self.syncs else f"{name} was not looked at yet"

    def _line(self, *parts: str) -> str:
        text = printable(" ".join(": ".join(("portreeve", *parts)).split()))
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
