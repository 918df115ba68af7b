"""Backoff."""

from hypothesis import given
from hypothesis import strategies as st

from portreeve.reconcile.backoff import Backoff


@given(st.floats(0.001, 10), st.floats(10, 1000), st.integers(1, 3000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_never_longer_than_the_maximum_nor_shorter_than_half_the_minimum(
    minimum: float, maximum: float, failures: int, drawn: float
) -> None:
    backoff = Backoff(minimum, maximum, random=lambda: drawn)
    for _ in range(failures):
        delay = backoff.next()
    assert minimum / 2 <= delay <= maximum


def test_without_jitter_it_doubles() -> None:
    backoff = Backoff(1, 60, random=lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_after_a_reset_it_starts_over() -> None:
    backoff = Backoff(1, 60, random=lambda: 1.0)
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 1
