"""How a program has ended is said of every way there is to end."""

from portreeve.process import Completed


def test_a_signal_is_named() -> None:
    assert Completed(("app",), -9, "").describe() == "`app` was ended by SIGKILL"


def test_a_signal_of_real_time_has_a_number_alone() -> None:
    assert Completed(("app",), -40, "").describe() == "`app` was ended by signal 40"
