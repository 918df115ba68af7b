"""The agent as a process: what it tells a notify socket, and how it works with files of the host alone."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from fakes.agent_process import AgentProcess, Eventually, definition


def written(root: Path, text: str) -> Callable[[], bool]:
    target = root / "out.conf"
    return lambda: target.exists() and target.read_text() == text


def test_the_sequence_that_systemd_is_told(
    start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start(watchdog=1.5)
    eventually(lambda: running.told_all("READY=1", "WATCHDOG=1"), "ready and alive")
    assert "STATUS=1 sync: 1 in step" in running.told
    first = running.told.index("READY=1")
    assert running.told.index("STATUS=starting") < first
    assert any(text.startswith("EXTEND_TIMEOUT_USEC=") for text in running.told[:first])

    running.process.send_signal(signal.SIGHUP)
    eventually(lambda: "RELOADING=1" in running.told, "the reload is announced")
    eventually(lambda: running.told.count("READY=1") == 2, "the reload is over")
    reload = running.told.index("RELOADING=1")
    assert running.told[reload + 1].startswith("MONOTONIC_USEC=")

    running.stop()
    assert running.process.returncode == 0
    assert running.told[-1] == "STOPPING=1"


def test_a_source_that_is_missing_does_not_delay_readiness(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    (root / "app.ini").unlink()
    running = start()
    eventually(lambda: "READY=1" in running.told, "it is ready")
    eventually(
        lambda: any("1 waiting" in text and "app.ini" in text for text in running.told), "and says who waits"
    )
    running.stop()


def test_a_change_is_followed(root: Path, start: Callable[..., AgentProcess], eventually: Eventually) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "app.ini").write_text("[web]\nport = 9443\n")
    eventually(written(root, "listen 9443\n"), "an in-place write is followed")
    (root / "new").write_text("[web]\nport = 9444\n")
    (root / "new").rename(root / "app.ini")
    eventually(written(root, "listen 9444\n"), "an atomic replace is followed")
    running.stop()


def test_a_source_that_appears_later_is_noticed(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    (root / "app.ini").unlink()
    running = start()
    eventually(lambda: "READY=1" in running.told, "it is ready")
    assert not (root / "out.conf").exists()
    (root / "app.ini").write_text("[web]\nport = 9000\n")
    eventually(written(root, "listen 9000\n"), "the value is written")
    running.stop()


def test_an_edited_template_is_followed(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "etc/portreeve/templates/out.conf.j2").write_text("port {{ port }};\n")
    eventually(written(root, "port 9000;\n"), "the template's change is followed")
    running.stop()


def test_a_new_definition_is_picked_up_and_a_broken_edit_keeps_the_last_good_form(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    declared = root / "etc/portreeve/syncs.d/app.toml"
    declared.write_text("[sources.app\n")
    eventually(
        lambda: "app.toml" in running.command("status", code=None), "the problem is told, with its file"
    )
    (root / "app.ini").write_text("[web]\nport = 9443\n")
    eventually(written(root, "listen 9443\n"), "the last good form still works")
    other = definition(root).replace('out.conf"', 'other.conf"')
    (root / "etc/portreeve/syncs.d/other.toml").write_text(other)
    eventually((root / "other.conf").exists, "the new definition works")
    running.stop()


def test_a_bad_value_changes_nothing_and_is_explained(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "app.ini").write_text("[web]\nport = 90000\n")
    eventually(lambda: "value-invalid" in running.command("explain", "app"), "it is explained")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    assert running.status("app")["state"] == "waiting"
    running.stop()


def test_drift_is_repaired(root: Path, start: Callable[..., AgentProcess], eventually: Eventually) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "out.conf").write_text("listen 1\n")
    eventually(written(root, "listen 9000\n"), "a tampered target is put right")
    (root / "out.conf").unlink()
    eventually(written(root, "listen 9000\n"), "a deleted target is put back")
    (root / "out.conf").chmod(0o777)
    running.command("sync", "app")
    eventually(lambda: (root / "out.conf").stat().st_mode & 0o777 == 0o644, "its mode is put right")
    running.stop()


def test_a_rollback_holds_until_a_sync_is_asked_for(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "app.ini").write_text("[web]\nport = 9443\n")
    eventually(written(root, "listen 9443\n"), "the second value is written")
    running.command("rollback", "app")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    (root / "app.ini").write_text("[web]\nport = 9444\n")
    running.command("rollback", "app", "--to", "0")
    assert not (root / "out.conf").exists()
    assert running.status("app")["state"] == "held"
    running.command("sync", "app")
    assert (root / "out.conf").read_text() == "listen 9444\n"
    running.stop()


def test_a_second_agent_on_the_same_state_is_refused(
    start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(lambda: "READY=1" in running.told, "it is ready")
    running.command("run", code=5)
    running.stop()


def test_a_file_written_while_the_agent_was_killed_is_followed_at_the_next_start(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    running.stop(signal.SIGKILL)
    (root / "app.ini").write_text("[web]\nport = 9443\n")
    running = start()
    eventually(written(root, "listen 9443\n"), "the change is followed")
    running.stop()


def test_a_definition_that_is_gone_leaves_its_files_and_can_be_rolled_back(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    (root / "etc/portreeve/syncs.d/app.toml").unlink()
    eventually(lambda: "undeclared" in running.command("status", code=None), "that it is gone is told")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    running.command("rollback", "app", "--to", "0")
    assert not (root / "out.conf").exists()
    running.stop()


def test_a_target_that_moves_leaves_nothing_at_its_old_place(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    declared = root / "etc/portreeve/syncs.d/app.toml"
    declared.write_text(definition(root).replace('out.conf"', 'elsewhere.conf"'))
    eventually((root / "elsewhere.conf").exists, "the new target is written")
    eventually(lambda: not (root / "out.conf").exists(), "the old one is gone")
    running.command("rollback", "app", "--to", "0")
    assert not (root / "elsewhere.conf").exists()
    running.stop()


def test_a_file_that_was_there_before_comes_back_at_a_rollback_to_zero(
    root: Path, start: Callable[..., AgentProcess], eventually: Eventually
) -> None:
    (root / "out.conf").write_text("by hand\n")
    (root / "out.conf").chmod(0o640)
    running = start()
    eventually(written(root, "listen 9000\n"), "the first value is written")
    assert (root / "out.conf").stat().st_mode & 0o777 == 0o640
    running.command("rollback", "app", "--to", "0")
    assert (root / "out.conf").read_text() == "by hand\n"
    running.stop()
