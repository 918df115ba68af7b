"""Reading definitions and settings again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fakes.agent_process import AgentProcess, definition
from portreeve.daemon.declared import fixed_until_restart
from portreeve.definitions.settings import DockerSettings, ReconcileSettings, Settings

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
    )
    assert fixed_until_restart(before, after) == ("docker.timeout", "reconcile.workers", "reconcile.resync")
    assert fixed_until_restart(before, before) == ()
