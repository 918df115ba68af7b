import time

from portreeve.clock import Clock
from portreeve.supervise.booted import booted_at


def test_the_host_was_booted_before_this_and_after_its_kernel() -> None:
    now = time.time()
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert now - uptime - 0.1 <= booted_at() <= now


def test_the_wall_clock_may_be_set() -> None:
    before = booted_at()
    later = booted_at(Clock(wall=lambda: time.time() + 3600))
    assert abs(later - before - 3600) < 1
