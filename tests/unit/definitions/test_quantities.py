import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.quantities import format_duration, parse_duration, parse_size
from portreeve.definitions.rejection import Rejected


@given(st.integers(1, 10**10).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_that_was_written_is_read_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("500ms", 0.5),
        ("1d", 86400),
        ("1.5s", 1.5),
        ("1m500ms", 60.5),
    ],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "10", "10 s", "-5s", "5x", "1m1h", "0s", "٣s", 1, 1.5, True, None])
def test_what_is_not_a_duration_is_refused(text: object) -> None:
    with pytest.raises(Rejected):
        parse_duration(text)


def test_a_plain_number_is_answered_with_the_right_spelling() -> None:
    with pytest.raises(Rejected) as caught:
        parse_duration(15)
    assert caught.value.hint == 'write "15s" for seconds'


@pytest.mark.parametrize(("text", "size"), [("64K", 65536), ("2G", 2 << 30), ("1M", 1 << 20), ("100", 100)])
def test_sizes_are_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "64KB", "64k", "-1K", "0", 64, 1.5, True])
def test_what_is_not_a_size_is_refused(text: object) -> None:
    with pytest.raises(Rejected):
        parse_size(text)
