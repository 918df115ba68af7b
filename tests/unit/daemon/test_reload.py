"""Reading definitions and settings again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fakes.agent_process import AgentProcess, definition
from portreeve.daemon.declared import fixed_until_restart
from portreeve.definitions.settings import (
    AlertSettings,
    ContainersSettings,
    DockerSettings,
    PressureSettings,
    ReconcileSettings,
    Settings,
)

Eventually = Callable[[Callable[[], object], str], None]
Start = Callable[..., AgentProcess]


def test_a_reload_while_the_agent_starts_does_not_make_it_ready(
    root: Path, start: Start, eventually: Eventually
) -> None:
    wait = f"""
[[check]]
command = ["sh", "-c", "until [ -e {root}/go ]; do sleep 0.05; done"]
"""
    (root / "etc/portreeve/syncs.d/app.toml").write_text(definition(root) + wait)
    running = start(watchdog=0.2)
    eventually(lambda: len(running.alive_at) > 1, "the main loop runs")
    running.process.send_signal(signal.SIGHUP)
    signs = len(running.alive_at)
    eventually(lambda: len(running.alive_at) > signs + 2, "the reload is over")
    assert not running.told_all("READY=1")
    (root / "go").touch()
    eventually(lambda: running.told_all("READY=1"), "the sync was tried and the agent is ready")


def test_settings_that_wait_for_a_restart_are_named() -> None:
    before = Settings()
    after = replace(
        before,
        docker=DockerSettings(timeout=9),
        reconcile=ReconcileSettings(workers=2, resync=60, keep=3, poll=1),
        log_level="DEBUG",
        containers=ContainersSettings(parallel_starts=1, deadline=60),
        alerts=AlertSettings(webhook="https://chat.example.org/hooks/secret"),
        pressure=PressureSettings(cpu_stall=80),
    )
    assert fixed_until_restart(before, after) == (
        "docker.timeout",
        "reconcile.workers",
        "reconcile.resync",
        "containers.parallel_starts",
        "containers.deadline",
        "alerts.webhook",
        "pressure.cpu_stall",
    )
    assert fixed_until_restart(before, before) == ()


def test_a_sync_in_step_is_looked_at_once_at_the_start(
    root: Path, start: Start, eventually: Eventually
) -> None:
    (root / "run/portreeve").mkdir()  # As systemd makes it before the agent starts (RuntimeDirectory=).
    (root / "etc/portreeve/syncs.d/app.toml.d").mkdir()
    (root / "etc/portreeve/syncs.d/app.toml.d/more.toml").write_text('description = "more"\n')
    first = start()
    eventually(lambda: first.told_all("READY=1"), "the file is written")
    first.stop()
    again = start()
    eventually(lambda: again.told_all("READY=1"), "the agent is ready again")
    # Whatever was put off, like another look, is done before this.
    (root / "etc/portreeve/syncs.d/last.toml").write_text(definition(root, ("last.conf",)))
    eventually(lambda: (root / "last.conf").exists(), "a new definition is read")
    assert again.status("app")["runs"] == 1


def test_a_definition_that_comes_while_the_first_are_read_is_not_overlooked(
    root: Path, start: Start, eventually: Eventually
) -> None:
    for number in range(150):
        name = f"{number:03}"
        (root / f"etc/portreeve/syncs.d/s{name}.toml").write_text(definition(root, (f"{name}.conf",)))
    start()
    # Some come before the folders are watched, some while they are read, some afterwards.
    for number in range(20):
        (root / f"etc/portreeve/syncs.d/late{number}.toml").write_text(
            definition(root, (f"late{number}.conf",))
        )
        threading.Event().wait(0.05)
    eventually(
        lambda: all((root / f"late{number}.conf").exists() for number in range(20)),
        "all that came during the start are followed",
    )


def test_a_drop_in_in_a_folder_that_is_made_later_is_read(
    root: Path, start: Start, eventually: Eventually
) -> None:
    agent = start()
    eventually(lambda: agent.told_all("READY=1"), "the agent is ready")
    folder = root / "etc/portreeve/syncs.d/app.toml.d"
    folder.mkdir()
    (folder / "more.toml").write_text('description = "amended later"\n')
    eventually(lambda: agent.status("app")["description"] == "amended later", "the drop-in is read")
