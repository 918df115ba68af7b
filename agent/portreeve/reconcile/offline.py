"""What can be done to the syncs while no agent runs: files alone, and nothing is made effective."""

from collections.abc import Iterator

from portreeve.clock import Clock
from portreeve.errors import PortreeveError
from portreeve.reconcile.generations import BASELINE
from portreeve.reconcile.record import Generation
from portreeve.reconcile.store import Store
from portreeve.reconcile.workers import Pulse
from portreeve.reconcile.writing import Restorer


def put_back(store: Store, clock: Clock) -> Iterator[tuple[str, PortreeveError | None]]:
    """Put back what was there before portreeve, and hold it there.

    The next agent makes it effective, unless the sync follows its sources again by then.

    Args:
        store: nobody else works on it.
        clock: for what is stored.

    Yields:
        Each sync of which something was in force or on its way, and why it could not be put back.
    """
    restorer = Restorer(store, Pulse(clock), clock)
    for name in store.names():
        record = store.record(name)
        latest = record.unfinished or record.good
        if latest is None or (record.unfinished is None and latest.number == BASELINE):
            continue
        try:
            record = store.hold(name, BASELINE)
            before = store.generations.content(name, BASELINE)
            generation = Generation(BASELINE, before.digest)
            restorer.replace_with_known(record, generation, "since portreeve is removed")
        except PortreeveError as error:
            yield name, error
        else:
            yield name, None


def follow_again(store: Store) -> None:
    """Let every sync that is held at what was there before portreeve follow its sources."""
    for name in store.names():
        if store.record(name).hold == BASELINE:
            store.release(name)
