"""A state file that cannot be written, files that do not stay, and errors that nobody expected."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Target, Template
from portreeve.errors import Failed, Reason
from portreeve.reconcile import execute, read_desired, writing
from portreeve.reconcile.execute import Executor
from portreeve.reconcile.record import Record
from portreeve.reconcile.status import State
from portreeve.reconcile.writing import Writer
from unit.reconcile.host import UNIT, Host


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 16 KiB: the journal of the state file does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_state_file_that_cannot_be_written_is_named_and_tried_again(host: Host) -> None:
    host.choose(9000)
    with full_disk():
        status = host.look()
        assert status.state is State.FAILED
        assert status.trouble is not None
        assert status.trouble.reason is Reason.STATE_UNUSABLE
        assert status.next_try is not None
        assert status.runs == 1
        assert not host.target.exists()
    host.pass_time(status.next_try - host.now + 0.01)
    assert host.queue.take(0)[0] == "app"
    assert host.look().state is State.IN_STEP


def test_somebody_who_asks_is_told_that_the_state_file_cannot_be_written(host: Host) -> None:
    host.bring_in_step(9000)
    with full_disk(), pytest.raises(Failed) as caught:
        host.reconciler.hold("app", 0)
    assert caught.value.reason is Reason.STATE_UNUSABLE


def test_an_error_that_nobody_expected_is_a_state_and_tried_again(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(self: Executor, record: Record) -> Record:
        raise ZeroDivisionError

    monkeypatch.setattr(Executor, "apply", bug)
    host.choose(9000)
    status = host.look()
    assert status.state is State.FAILED
    assert status.trouble is not None
    assert status.trouble.reason is Reason.INTERNAL
    assert status.runs == 1
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert status.next_try is not None
    host.pass_time(status.next_try - host.now + 0.01)
    assert host.queue.take(0)[0] == "app"
    assert host.look().state is State.IN_STEP


def test_an_error_while_reading_that_nobody_expected_leaves_what_is_in_force(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.bring_in_step(9000)

    def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(read_desired, "read_sync", bug)
    host.target.write_text("tampered\n")
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.INTERNAL
    assert host.target.read_text() == "listen 9000\n"


def test_files_that_do_not_stay_as_written_are_a_named_failure(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Writer._written

    def rewritten(self: Writer, *arguments: object) -> Record:
        host.target.chmod(0o755)
        return written(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "_written", rewritten)
    host.choose(9000)
    status = host.look()
    assert status.state is State.FAILED
    assert status.trouble is not None
    assert status.trouble.reason is Reason.WRITE_FAILED
    assert "mode 0755 instead of 0644" in status.trouble.evidence


def test_a_target_that_is_a_directory_is_a_named_failure(host: Host) -> None:
    host.target.mkdir()
    host.choose(9000)
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_REFUSED


def test_a_target_that_is_a_link_is_neither_followed_nor_replaced(host: Host) -> None:
    vendors = host.folder / "vendor.conf"
    vendors.write_text("the vendor's\n")
    host.target.symlink_to(vendors)
    host.choose(9000)
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.FILE_REFUSED
    assert str(vendors) in status.trouble.evidence
    assert host.target.is_symlink()
    assert vendors.read_text() == "the vendor's\n"


def test_a_look_at_what_is_in_step_does_not_write_to_the_state_file(host: Host) -> None:
    host.bring_in_step(9000)
    host.pass_time(10)
    host.look()
    journal = host.folder / "state.sqlite-wal"
    before = journal.stat().st_size, journal.stat().st_mtime_ns
    host.pass_time(10)
    host.look()
    assert (journal.stat().st_size, journal.stat().st_mtime_ns) == before


def test_a_file_of_a_retired_target_that_cannot_be_removed_is_tried_again(host: Host) -> None:
    one = host.sync
    extra = host.add_target("extra.conf", "extra {{ port }}\n")
    host.bring_in_step(9000)
    extra.unlink()
    extra.mkdir()
    host.declare(replace(one))
    host.choose(9443)
    assert host.look().state is State.FAILED
    assert host.look().state is State.FAILED
    extra.rmdir()
    assert host.look().state is State.IN_STEP


def test_systemd_is_told_of_a_unit_file_that_is_not_generated_any_more(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "systemd_running", lambda: True)
    monkeypatch.setattr(writing, "run_check", lambda *_, **__: None)
    one = host.sync
    (host.templates / "x.conf.j2").write_text("[Service]\n")
    drop_in = host.folder / "systemd/system/x.service.d/x.conf"
    drop_in.parent.parent.mkdir(parents=True)
    host.declare(replace(one, targets=(*one.targets, Target(HostFile(drop_in), Template("x.conf.j2")))))
    host.bring_in_step(9000)
    assert host.manager.calls.count("Reload") == 1
    host.declare(one)
    host.bring_in_step(9000)
    assert not drop_in.exists()
    assert host.manager.calls.count("Reload") == 2


def test_files_that_were_written_and_never_proved_are_remembered(host: Host) -> None:
    del host.manager.units[UNIT]
    host.choose(9000)
    host.look()
    assert host.record.good is None
    assert host.record.in_place
    host.declare()
    host.reconciler.hold("app", 0)
    host.manager.units[UNIT] = host.unit
    host.look()
    assert not host.target.exists()
    assert not host.record.in_place


def test_a_state_is_logged_once_though_its_evidence_changes(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    host.bring_in_step(9000)
    caplog.clear()
    for text in ("[web]\nport = nine\n", "[web]\nport = ten\n"):
        host.source.write_text(text)
        host.look()
    assert len([entry for entry in caplog.records if entry.name == "portreeve.reconcile.log"]) == 1
