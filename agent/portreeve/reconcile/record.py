"""What is remembered of a sync between two looks at it, also across restarts of the agent and of the host."""

from dataclasses import asdict, dataclass
from typing import Any

from portreeve.errors import Reason
from portreeve.reconcile.status import Stage, State, Trouble


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


def dump_record(record: Record) -> dict[str, Any]:
    """A record as JSON can hold it, without its name."""
    data = asdict(record)
    del data["name"]
    return data


def load_record(name: str, data: dict[str, Any]) -> Record:
    """The inverse of :func:`dump_record`."""
    trouble, rejection = _load_trouble(data.pop("trouble")), _load_trouble(data.pop("rejection"))
    # A record of a version that owed nothing has neither.
    owed, owing = data.pop("owed", ()), _load_trouble(data.pop("owing", None))
    good, unfinished = data.pop("good"), data.pop("unfinished")
    return Record(
        name,
        good=Generation(**good) if good else None,
        unfinished=Generation(**unfinished) if unfinished else None,
        stage=Stage(data.pop("stage")),
        state=State(data.pop("state")),
        trouble=trouble,
        rejection=rejection,
        owed=tuple(owed),
        owing=owing,
        opened=tuple(data.pop("opened", ())),
        skipped=tuple(data.pop("skipped", ())),
        **data,
    )


def _load_trouble(data: dict[str, Any] | None) -> Trouble | None:
    return None if data is None else Trouble(**{**data, "reason": Reason(data["reason"])})
