"""What is remembered of a sync between two looks at it, also across restarts of the agent and of the host."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from portreeve.errors import Failed, Reason
from portreeve.reconcile.status import Stage, State, Trouble

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation as the record refers to it.

    Args:
        number: counted from 1; 0 is what was there before portreeve.
        digest: of its content.
    """

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Record:
    """Where a sync stands. Times are wall-clock seconds.

    Args:
        name: the sync.
        good: the generation in force: written, applied and verified.
        unfinished: a generation on its way; the same as ``good`` while the good one is put back.
        stage: how far the unfinished one has come: validated, written or applied.
        rejected: digest of content that did not work and was taken back.
        rejection: what did not work, when it was tried last.
        rejections: how often in a row.
        stuck: putting the good generation back did not work either; it waits for ``next_try`` as well.
        hold: number of the generation that an administrator holds the sync at.
        hands_off: once it is there, its files are the administrator's to change until the hold ends.
        state: what stands.
        trouble: why.
        since: when ``state`` with this reason began.
        out_of_step_since: when it was last in step; ``None`` while it is.
        attempts: tries since it was last in step.
        next_try: what did not work is not tried before this moment.
        owed: positions of those actions that wait for their containers, of the generation that was made
            effective last; the actions themselves may hold secrets, which are sealed with the generation.
        opened: ports of the firewall that were opened for it; only the store's own method changes them.
        skipped: actions that had nothing to act on here, each with why.
        owing: why the first of them could not be carried out.
        done: so many actions of the unfinished generation were carried out since its files were written, up
            to the first that is owed: an agent that takes over in between does not restart a unit that has
            the new files already.
        begun: the position of the restart that was asked for last on that way, and when.
    """

    name: str
    good: Generation | None = None
    unfinished: Generation | None = None
    stage: Stage = Stage.DESIRED
    rejected: str | None = None
    rejection: Trouble | None = None
    rejections: int = 0
    stuck: bool = False
    hold: int | None = None
    hands_off: bool = False
    state: State = State.PENDING
    trouble: Trouble | None = None
    since: float = 0.0
    out_of_step_since: float | None = None
    attempts: int = 0
    next_try: float | None = None
    owed: tuple[int, ...] = ()
    owing: Trouble | None = None
    opened: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    done: int = 0
    begun: tuple[int, float] | None = None

    @property
    def in_place(self) -> bool:
        """Files that portreeve generated are there, proved or not."""
        return any(each is not None and each.number > 0 for each in (self.good, self.unfinished))

    @property
    def left_alone(self) -> bool:
        """It is where it is held, and whatever somebody makes of its files stays."""
        there = self.good is not None and self.unfinished is None and self.good.number == self.hold
        return self.hands_off and there

    @property
    def restoring(self) -> bool:
        """The generation on its way is the good one, put back or made effective again."""
        return self.unfinished is not None and self.unfinished == self.good


def dump_record(record: Record) -> str:
    """A record as JSON, without its name."""
    data = asdict(record)
    del data["name"]
    return json.dumps(data)


def load_record(name: str, text: str) -> Record:
    """The inverse of :func:`dump_record`, also of what another version of the same schema wrote.

    Keys that are missing have their default, and those of a newer version are passed over. What it calls
    differently (a reason, a state, a stage) is told as what comes nearest and does the least: such a sync is
    looked at before anything is said of it, and a generation that is on its way is written once more.

    Raises:
        Failed: ``state-unusable``: it is damaged.
    """
    try:
        known = {each.name for each in fields(Record)} - {"name"}
        given = {key: value for key, value in json.loads(text).items() if key in known}
        for key, load in _LOADED.items():
            if key in given:
                given[key] = load(given[key])
        return Record(name, **given)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Failed(
            Reason.STATE_UNUSABLE,
            f"what is remembered of {name} cannot be understood",
            evidence=f"{type(error).__name__}: {error}",
            hint="if a newer portreeve wrote it, install that version again; nothing was changed",
        ) from error


def _load_generation(data: dict[str, Any] | None) -> Generation | None:
    return Generation(int(data["number"]), str(data["digest"])) if data else None


def _load_trouble(data: dict[str, Any] | None) -> Trouble | None:
    if data is None:
        return None
    texts = {key: str(data.get(key, "")) for key in ("what", "evidence", "hint", "step")}
    return Trouble(_nearest(Reason, data["reason"], Reason.INTERNAL), **texts)


def _nearest(names: type[Name], value: str, otherwise: Name) -> Name:
    return names(value) if value in {each.value for each in names} else otherwise


_LOADED: Mapping[str, Callable[[Any], object]] = {
    "good": _load_generation,
    "unfinished": _load_generation,
    "stage": lambda value: _nearest(Stage, value, Stage.VALIDATED),
    "state": lambda value: _nearest(State, value, State.PENDING),
    "trouble": _load_trouble,
    "rejection": _load_trouble,
    "owing": _load_trouble,
    "begun": lambda value: (int(value[0]), float(value[1])) if value else None,
    "owed": tuple,
    "opened": tuple,
    "skipped": tuple,
}
"""What JSON has in another form."""
