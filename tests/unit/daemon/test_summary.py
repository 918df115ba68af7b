"""The one line for systemd."""

from portreeve.daemon.summary import status_line
from portreeve.errors import Reason
from portreeve.reconcile.status import State, SyncStatus, Trouble


def test_it_counts_states_and_names_the_first_that_is_not_in_step() -> None:
    statuses = [
        SyncStatus("b", state=State.WAITING, trouble=Trouble(Reason.CONTAINER_ABSENT, "c is not there")),
        SyncStatus("a", state=State.IN_STEP),
        SyncStatus("c", state=State.IN_STEP),
    ]
    assert status_line(statuses) == "3 syncs: 2 in step, 1 waiting (b: c is not there)"


def test_without_syncs_it_says_so() -> None:
    assert status_line([]) == "no syncs are declared"
