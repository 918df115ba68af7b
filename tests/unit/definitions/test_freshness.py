"""Files that changed since a moment are told from those that did not; in doubt they count as changed."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portreeve.clock import SYSTEM_CLOCK, Clock
from portreeve.definitions.freshness import Moment, untouched

Eventually = Callable[[Callable[[], object], str], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "syncs.d").mkdir()
    path = tmp_path / "syncs.d/a.toml"
    path.write_text("1")
    return path


@pytest.fixture
def later(file: Path, eventually: Eventually) -> Moment:
    """A moment that is surely after the file was made."""
    made = time.time()
    eventually(lambda: time.time() > made + 0.2, "time has passed")
    return Moment.now(SYSTEM_CLOCK)


def test_what_nobody_touched_is_untouched(file: Path, later: Moment) -> None:
    assert untouched([file, file.with_name("absent"), file.parent], later, SYSTEM_CLOCK)


@pytest.mark.parametrize(
    "touch",
    [
        lambda file: file.write_text("2"),
        lambda file: file.unlink(),
        lambda file: file.with_name("b.toml").write_text("new"),
        lambda file: file.parent.rename(file.parent.with_name("old")),
    ],
    ids=["written", "removed", "another made", "folder moved away"],
)
def test_what_somebody_touched_is_not(file: Path, later: Moment, touch: Callable[[Path], object]) -> None:
    touch(file)
    assert not untouched([file, file.parent], later, SYSTEM_CLOCK)


def test_a_clock_that_was_set_back_proves_nothing(file: Path, later: Moment) -> None:
    assert not untouched([file], later, Clock(wall=lambda: time.time() - 60))
