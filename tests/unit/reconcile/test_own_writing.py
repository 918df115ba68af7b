"""What portreeve wrote itself wakes it, and is no reason to read everything again; what others write is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import Format
from portreeve.reconcile.status import State

from .host import Host


def woken(host: Host, *names: Path) -> int:
    """These names moved, and a worker takes the sync up; returns how often it looked at all of it."""
    before = host.status().runs
    for name in names:
        host.queue.add("app", about=str(name))
    assert host.queue.take(0)[0] == "app"
    host.reconciler.work("app")
    host.queue.done("app")
    return host.status().runs - before


def test_our_own_writing_needs_no_look(host: Host) -> None:
    host.bring_in_step(8080)
    assert woken(host, host.target) == 0


def write_in_place(target: Path) -> None:
    target.write_text("listen 6666\n")


def write_over(target: Path) -> None:
    new = target.with_name("new")
    new.write_text("listen 6666\n")
    new.replace(target)


def allow_all(target: Path) -> None:
    target.chmod(0o666)


@pytest.mark.parametrize("edit", [write_in_place, write_over, allow_all, Path.unlink])
def test_what_somebody_else_does_to_a_target_is_taken_back(host: Host, edit: Callable[[Path], None]) -> None:
    host.bring_in_step(8080)
    written, mode = host.target.read_text(), host.target.stat().st_mode
    edit(host.target)
    assert woken(host, host.target) == 1
    assert (host.target.read_text(), host.target.stat().st_mode) == (written, mode)


def test_another_name_besides_needs_a_look(host: Host) -> None:
    host.bring_in_step(8080)
    host.choose(9090)
    assert woken(host, host.target, host.source) == 1
    assert "9090" in host.target.read_text()


def test_what_is_read_as_well_needs_a_look_although_it_was_written_by_us(host: Host) -> None:
    also = replace(host.sync.sources["app"], name="also", location=HostFile(host.target), format=Format.TEXT)
    host.bring_in_step(8080)
    host.sync = replace(host.sync, sources={**host.sync.sources, "also": also})
    host.declare(host.sync)
    assert host.look().state is State.IN_STEP
    assert woken(host, host.target) == 1


def test_what_is_not_in_step_needs_a_look(host: Host) -> None:
    host.bring_in_step(8080)
    host.source.unlink()
    assert host.look().state is State.WAITING
    assert woken(host, host.target) == 1


def test_what_somebody_asks_for_is_done(host: Host) -> None:
    host.bring_in_step(8080)
    host.reconciler.ask("app")
    assert woken(host, host.target) == 1


def test_another_definition_needs_a_look(host: Host) -> None:
    host.bring_in_step(8080)
    host.declare(replace(host.sync, description="another"))
    assert woken(host, host.target) == 1


def test_the_first_look_of_an_agent_is_one(host: Host) -> None:
    host.bring_in_step(8080)
    host.restart_agent()
    host.queue.add("app", about=str(host.target))
    assert host.queue.take(0)[0] == "app"
    assert host.look().runs == 1
