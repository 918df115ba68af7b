import json
from dataclasses import replace

import pytest

from portreeve.containers.recreate import awaited
from portreeve.containers.recreate_journal import Journal, JournalDamaged, Phase

STANDS = Journal("web", "a" * 64, Phase.CREATING, {"Name": "on-failure", "MaximumRetryCount": 3}, True)


@pytest.mark.parametrize("phase", Phase)
def test_what_was_written_is_read_again(phase: Phase) -> None:
    stands = STANDS.at(phase, "b" * 64)
    assert Journal.read(stands.text()) == stands


def test_the_new_ones_id_is_remembered_at_later_steps() -> None:
    assert STANDS.at(Phase.CONNECTING, "b" * 64).at(Phase.STARTING).new == "b" * 64


def test_only_a_new_one_that_was_started_is_awaited() -> None:
    found = {phase: awaited(STANDS.at(phase, "b" * 64).text()) for phase in Phase}
    assert {phase for phase, new in found.items() if new} == {Phase.AWAITING}


def test_two_containers_are_never_put_aside_under_one_name() -> None:
    assert STANDS.parked == "web.portreeve-aaaaaaaaaaaa"
    assert replace(STANDS, old="b" * 64).parked != STANDS.parked


def test_a_journal_of_another_form_is_not_guessed_at() -> None:
    with pytest.raises(JournalDamaged) as caught:
        Journal.read(json.dumps({**json.loads(STANDS.text()), "form": 2}))
    assert "form 2" in caught.value.evidence
