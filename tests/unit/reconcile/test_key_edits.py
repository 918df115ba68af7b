"""Keys of somebody else's file are kept, put back, and rolled back, and the rest of it is never touched."""

from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Edits, Format, Target
from portreeve.errors import Reason
from portreeve.reconcile.status import State
from unit.reconcile.host import Host

THEIRS = "; theirs\n[web]\nport = 80\nhost = a\n"


@pytest.fixture
def edited(host: Host) -> Path:
    path = host.folder / "theirs.ini"
    path.write_text(THEIRS)
    declare(host, {("web", "port"): "{{ port }}"})
    return path


def declare(host: Host, keys: dict[tuple[str, ...], str | int]) -> None:
    edits = Target(HostFile(host.folder / "theirs.ini"), Edits(Format.INI, keys))
    host.sync = replace(host.sync, targets=(edits,))
    host.declare(host.sync)


def test_a_key_follows_its_source_and_the_rest_stays(host: Host, edited: Path) -> None:
    host.bring_in_step(9000)
    assert edited.read_text() == THEIRS.replace("80", "9000")
    edited.write_text(edited.read_text().replace("host = a", "host = b"))
    restarts = host.restarts
    assert host.look().state is State.IN_STEP
    assert host.restarts == restarts, "another key is none of its business"
    host.bring_in_step(9443)
    assert edited.read_text() == THEIRS.replace("80", "9443").replace("host = a", "host = b")


def test_a_key_that_somebody_edits_is_put_right(
    host: Host, edited: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    host.bring_in_step(9000)
    edited.write_text(THEIRS.replace("80", "1").replace("host = a", "host = b"))
    assert host.look().state is State.IN_STEP
    assert edited.read_text() == THEIRS.replace("80", "9000").replace("host = a", "host = b")
    assert "key web.port" in caplog.text


def test_an_uninstall_puts_the_keys_back_and_keeps_what_others_wrote(host: Host, edited: Path) -> None:
    declare(host, {("web", "port"): "{{ port }}", ("web", "tls"): "on"})
    host.bring_in_step(9000)
    edited.write_text(edited.read_text().replace("host = a", "host = b"))
    host.reconciler.hold("app", 0)
    assert host.look().state is State.HELD
    assert edited.read_text() == THEIRS.replace("host = a", "host = b")


def test_an_uninstall_does_not_wait_for_a_file_that_is_gone(host: Host, edited: Path) -> None:
    host.bring_in_step(9000)
    edited.unlink()
    host.reconciler.hold("app", 0)
    assert host.look().state is State.HELD
    assert host.record.unfinished is None
    assert not edited.exists()


def test_a_key_that_is_not_declared_any_more_goes_back(host: Host, edited: Path) -> None:
    declare(host, {("web", "port"): "{{ port }}", ("web", "host"): "ours"})
    host.bring_in_step(9000)
    assert "host = ours" in edited.read_text()
    declare(host, {("web", "port"): "{{ port }}"})
    host.bring_in_step(9443)
    assert edited.read_text() == THEIRS.replace("80", "9443")
    declare(host, {("web", "host"): "ours again"})
    host.bring_in_step(9443)
    assert edited.read_text() == THEIRS.replace("host = a", "host = ours again")


def test_a_rollback_sets_the_keys_of_that_generation(host: Host, edited: Path) -> None:
    host.bring_in_step(9000)
    host.bring_in_step(9443)
    host.reconciler.hold("app", 1)
    assert host.look().state is State.HELD
    assert edited.read_text() == THEIRS.replace("80", "9000")


def test_keys_that_do_not_work_are_taken_back(host: Host, edited: Path) -> None:
    host.choose(9000)
    host.let_restarts_end("failed", "done")
    host.look()
    assert edited.read_text() == THEIRS


def test_a_file_that_is_not_there_is_waited_for_by_name(host: Host, edited: Path) -> None:
    edited.unlink()
    host.choose(9000)
    status = host.look()
    assert status.state is State.WAITING
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_ABSENT
    assert str(edited) in status.trouble.what
    edited.write_text(THEIRS)
    assert host.look().state is State.IN_STEP


def test_the_preview_shows_the_line_that_changes(host: Host, edited: Path) -> None:
    host.choose(9000)
    (diff,) = host.reconciler.preview("app").files
    assert "-port = 80\n+port = 9000\n" in diff.diff
    host.look()
    (diff,) = host.reconciler.preview("app").files
    assert diff.diff == ""


def test_two_syncs_set_different_keys_of_one_file(host: Host, edited: Path) -> None:
    other = replace(
        host.sync,
        name="other",
        targets=(Target(HostFile(edited), Edits(Format.INI, {("web", "host"): "p{{ port }}"})),),
    )
    host.declare(host.sync, other)
    host.choose(9000)
    host.look()
    host.reconciler.work("other")
    assert edited.read_text() == THEIRS.replace("80", "9000").replace("= a", "= p9000")
    host.reconciler.hold("other", 0)
    host.reconciler.work("other")
    assert edited.read_text() == THEIRS.replace("80", "9000")
