"""What a hook leaves where dpkg does not answer in time."""

from pathlib import Path

import pytest

from portreeve.paths import Paths
from portreeve.upgrade.leave_mark import leave_mark
from portreeve.upgrade.mark import Event
from portreeve.upgrade.marks import Marks


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A host whose dpkg-query takes longer than a hook can wait."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "dpkg-query").write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    (programs / "dpkg-query").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return Paths(tmp_path)


def left(paths: Paths, event: Event) -> list[tuple[str, Event]]:
    leave_mark(paths, event, "panel", "2", timeout=0.1, environment={})
    return [(mark.package, mark.event) for mark in Marks(paths.pending).read()]


def test_after_a_change_everything_is_proved(busy: Paths) -> None:
    assert left(busy, Event.POST_UPGRADE) == [("", Event.TRIGGERED), ("panel", Event.POST_UPGRADE)]


def test_before_a_change_there_is_nothing_to_prove(busy: Paths) -> None:
    assert left(busy, Event.PRE_UPGRADE) == [("panel", Event.PRE_UPGRADE)]
