"""Whether what woke a sync was its own writing, so that there is nothing to look at."""

from collections.abc import Iterable

from portreeve.definitions.model import Sync
from portreeve.errors import PortreeveError
from portreeve.reconcile.memory import Memory
from portreeve.reconcile.status import State
from portreeve.reconcile.store import Store
from portreeve.reconcile.unexpected import named


def as_written(sync: Sync, memory: Memory, names: Iterable[str] | None, store: Store) -> bool:
    """Only names of targets moved, and behind them is what was proved: that was our own writing.

    Not who wrote them is asked but what is there, and after the event: whatever is written later has an
    event of its own.

    Args:
        sync: its definition.
        memory: of it.
        names: what of it alone may be another now; ``None``: anything.
        store: what is remembered.
    """
    if names is None or memory.asked or memory.doubted or not memory.only_writes(sync, names):
        return False
    try:
        with named(sync.name):
            record = store.record(sync.name)
            if record.state is not State.IN_STEP or record.good is None or record.unfinished is not None:
                return False
            return store.generations.content(sync.name, record.good.number).matches_disk()
    except PortreeveError:
        # A look tells it.
        return False
