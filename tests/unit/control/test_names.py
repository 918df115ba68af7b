"""What people name, and what they are told when it is not there."""

from portreeve.control.names import unknown_sync
from portreeve.errors import Reason


def test_an_unknown_name_gets_the_nearest_one() -> None:
    assert unknown_sync("cokpit", ["cockpit", "proxy"]).hint == "did you mean `cockpit`?"


def test_a_name_that_is_there_and_cannot_be_worked_on_is_not_suggested_for_itself() -> None:
    error = unknown_sync("cockpit", ["cockpit", "proxy"])
    assert error.reason is Reason.DEFINITION_INVALID
    assert error.what == "`cockpit` has no definition that can be worked by"
    assert error.hint == "portreeve explain cockpit"
