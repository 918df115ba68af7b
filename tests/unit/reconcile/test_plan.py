"""The decision: a snapshot goes in, one step comes out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from portreeve.errors import Reason
from portreeve.reconcile.plan import Plan, Snapshot, Step, Which, decide
from portreeve.reconcile.record import Generation, Record
from portreeve.reconcile.status import Stage, Trouble

OLD = Generation(1, "old")
NEW = Generation(2, "new")
IN_FORCE = Record("s", good=OLD, stage=Stage.VERIFIED)
REJECTED = replace(
    IN_FORCE, rejected="new", rejection=Trouble(Reason.VERIFY_FAILED, "it did not come up"), next_try=100
)


def plan(
    record: Record,
    desired: str | None,
    *on_disk: str,
    probe_due: bool = False,
    retry_due: bool = True,
) -> tuple[Step, Which | None]:
    decided: Plan = decide(
        Snapshot(record, desired, frozenset(on_disk), probe_due=probe_due, retry_due=retry_due)
    )
    return decided.step, decided.which


def test_nothing_known_and_nothing_readable_is_nothing_to_do() -> None:
    assert plan(Record("s"), None) == (Step.REST, None)


def test_first_content_is_written() -> None:
    assert plan(Record("s"), "new") == (Step.REPLACE, Which.DESIRED)


def test_first_content_is_written_and_applied_also_when_the_file_happens_to_be_right() -> None:
    assert plan(Record("s"), "new", "new") == (Step.REPLACE, Which.DESIRED)


def test_changed_content_is_written() -> None:
    assert plan(IN_FORCE, "new", "old") == (Step.REPLACE, Which.DESIRED)


def test_the_same_content_on_disk_is_nothing_to_do() -> None:
    assert plan(IN_FORCE, "old", "old") == (Step.REST, Which.GOOD)


def test_what_was_not_probed_for_a_while_is_probed() -> None:
    assert plan(IN_FORCE, "old", "old", probe_due=True) == (Step.PROBE, Which.GOOD)


def test_a_tampered_target_is_written_again() -> None:
    assert plan(IN_FORCE, "old") == (Step.REPLACE, Which.GOOD)


def test_a_tampered_target_is_written_again_also_while_its_source_is_away() -> None:
    assert plan(IN_FORCE, None) == (Step.REPLACE, Which.GOOD)


def test_the_last_good_content_stays_while_the_source_is_away() -> None:
    assert plan(IN_FORCE, None, "old") == (Step.REST, Which.GOOD)


def test_a_set_that_a_crash_left_half_replaced_is_completed_although_its_source_is_away() -> None:
    crashed = replace(IN_FORCE, unfinished=NEW, stage=Stage.VALIDATED)
    assert plan(crashed, None) == (Step.REPLACE, Which.UNFINISHED)


def test_what_was_written_and_not_applied_is_applied() -> None:
    crashed = replace(IN_FORCE, unfinished=NEW, stage=Stage.WRITTEN)
    assert plan(crashed, "new", "new") == (Step.APPLY, Which.UNFINISHED)
    assert plan(crashed, None, "new") == (Step.APPLY, Which.UNFINISHED)


def test_what_was_applied_and_not_verified_is_verified() -> None:
    crashed = replace(IN_FORCE, unfinished=NEW, stage=Stage.APPLIED)
    assert plan(crashed, "new", "new") == (Step.VERIFY, Which.UNFINISHED)


def test_a_value_that_went_back_during_the_work_puts_the_good_content_back_in_force() -> None:
    crashed = replace(IN_FORCE, unfinished=NEW, stage=Stage.WRITTEN)
    assert plan(crashed, "old", "new") == (Step.REPLACE, Which.GOOD)
    assert plan(crashed, "old", "old") == (Step.REPLACE, Which.GOOD)


def test_a_third_value_during_the_work_replaces_the_unfinished_one() -> None:
    crashed = replace(IN_FORCE, unfinished=NEW, stage=Stage.APPLIED)
    assert plan(crashed, "third", "new") == (Step.REPLACE, Which.DESIRED)


def test_rejected_content_is_not_tried_before_its_time() -> None:
    assert plan(REJECTED, "new", "old", retry_due=False) == (Step.REST, Which.GOOD)


def test_rejected_content_is_tried_again_when_its_time_has_come() -> None:
    assert plan(REJECTED, "new", "old", retry_due=True) == (Step.REPLACE, Which.DESIRED)


def test_other_content_does_not_wait_for_the_time_of_rejected_content() -> None:
    assert plan(REJECTED, "third", "old", retry_due=False) == (Step.REPLACE, Which.DESIRED)


def test_putting_the_good_content_back_after_a_rejection_is_finished() -> None:
    restoring = replace(REJECTED, unfinished=OLD, stage=Stage.VALIDATED)
    assert plan(restoring, "new", "new", retry_due=False) == (Step.REPLACE, Which.UNFINISHED)
    restoring = replace(restoring, stage=Stage.WRITTEN)
    assert plan(restoring, "new", "old", retry_due=False) == (Step.APPLY, Which.UNFINISHED)


def test_what_was_there_before_portreeve_is_not_guarded() -> None:
    back = Record("s", good=Generation(0, "before"), stage=Stage.VERIFIED)
    assert plan(back, None) == (Step.REST, Which.GOOD)


digests = st.sampled_from(["old", "new", "third"])
generations = st.builds(Generation, st.integers(1, 3), digests)
records = st.builds(
    Record,
    name=st.just("s"),
    good=st.none() | generations,
    unfinished=st.none() | generations,
    stage=st.sampled_from([Stage.VALIDATED, Stage.WRITTEN, Stage.APPLIED]),
    rejected=st.none() | digests,
    stuck=st.booleans(),
)


@given(records, st.none() | digests, st.sets(digests), st.booleans(), st.booleans())
def test_carrying_steps_out_ends_in_rest(
    record: Record, desired: str | None, on_disk: set[str], probe_due: bool, retry_due: bool
) -> None:
    """Every state has a way out: six steps are enough, and then a further look changes nothing."""
    for _ in range(6):
        decided = decide(
            Snapshot(record, desired, frozenset(on_disk), probe_due=probe_due, retry_due=retry_due)
        )
        match decided.step, decided.which:
            case Step.REST, _:
                return
            case Step.PROBE, _:
                probe_due = False
                assert record.good is not None
                if record.rejected == record.good.digest:
                    record = replace(record, rejected=None)
            case Step.REPLACE, which:
                wrote = {
                    Which.DESIRED: Generation(9, desired or ""),
                    Which.GOOD: record.good,
                    Which.UNFINISHED: record.unfinished,
                }[which or Which.DESIRED]
                assert wrote is not None
                assert wrote.digest
                on_disk = {wrote.digest}
                record = replace(record, unfinished=wrote, stage=Stage.WRITTEN)
            case Step.APPLY, _:
                record = replace(record, stage=Stage.APPLIED)
            case Step.VERIFY, _:
                assert record.unfinished is not None
                worked = record.rejected == record.unfinished.digest
                record = replace(
                    record,
                    good=record.unfinished,
                    unfinished=None,
                    rejected=None if worked else record.rejected,
                )
    raise AssertionError(f"no rest after six steps: {record}")
