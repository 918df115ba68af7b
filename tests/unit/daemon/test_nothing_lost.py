"""Whatever happens to a source, a target or a template, the agent converges soon after the last change."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.agent_process import AgentProcess, Eventually, definition, prepare

Start = Callable[..., AgentProcess]
Converges = Callable[[str], None]

SOON = 2.0
"""Seconds after the last change within which the target must be right."""

REPLACEMENTS = 200 if os.environ.get("PORTREEVE_TEST_LONG") or os.environ.get("CI") == "true" else 40
OVERFLOW = 50_000
"""Events; the kernel keeps 16 384 (fs.inotify.max_queued_events, inotify(7)) and drops the others."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The source has a folder of its own, which tests move and replace."""
    prepare(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "app.ini").rename(tmp_path / "config/app.ini")
    declare(tmp_path, definition(tmp_path))
    return tmp_path


def declare(root: Path, text: str) -> None:
    text = text.replace(f"{root}/app.ini", f"{root}/config/app.ini")
    (root / "etc/portreeve/syncs.d/app.toml").write_text(text)


def ini(port: int | str) -> str:
    return f"[web]\nport = {port}\n"


@pytest.fixture
def running(start: Start, root: Path, eventually: Eventually) -> Iterator[AgentProcess]:
    """An agent that is in step; it must be alive when the test ends, and stop in order."""
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    yield agent
    assert agent.process.poll() is None
    agent.stop()
    assert agent.process.returncode == 0


@pytest.fixture
def converges(root: Path) -> Converges:
    """Fails unless the target has a text within :data:`SOON` seconds from now."""

    def check(text: str) -> None:
        deadline = time.monotonic() + SOON
        target = root / "out.conf"
        while not (target.exists() and target.read_text() == text):
            if time.monotonic() > deadline:
                found = target.read_text() if target.exists() else None
                pytest.fail(f"after {SOON:g} s the target has {found!r}, not {text!r}")
            threading.Event().wait(0.005)

    return check


def wait(seconds: float) -> None:
    """Let a time pass that is itself what the test is about."""
    threading.Event().wait(seconds)


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_source_that_is_deleted_and_made_again(
    running: AgentProcess, root: Path, converges: Converges, pause: float
) -> None:
    for port in (9441, 9442, 9443):
        (root / "config/app.ini").unlink()
        wait(pause)
        (root / "config/app.ini").write_text(ini(port))
        converges(f"listen {port}\n")


def test_a_source_behind_a_folder_link_that_is_swapped(
    root: Path, start: Start, eventually: Eventually, converges: Converges
) -> None:
    """As Kubernetes does with a ConfigMap: config → ..data → ..2026_x, and ..data is renamed over."""
    folder = root / "config"
    first = folder / "..2026_0"
    first.mkdir()
    (folder / "app.ini").rename(first / "app.ini")
    (folder / "..data").symlink_to("..2026_0")
    (folder / "app.ini").symlink_to("..data/app.ini")
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    converges("listen 9000\n")
    for number in range(1, 6):
        version = folder / f"..2026_{number}"
        version.mkdir()
        (version / "app.ini").write_text(ini(9440 + number))
        (folder / "..data_tmp").symlink_to(version.name)
        (folder / "..data_tmp").rename(folder / "..data")
        shutil.rmtree(folder / f"..2026_{number - 1}")
        converges(f"listen {9440 + number}\n")
    agent.stop()


def test_a_folder_that_is_itself_a_link_and_is_swapped(
    running: AgentProcess, root: Path, converges: Converges
) -> None:
    (root / "config").rename(root / "release-0")
    (root / "config").symlink_to("release-0")
    for number in range(1, 4):
        release = root / f"release-{number}"
        release.mkdir()
        (release / "app.ini").write_text(ini(9440 + number))
        (root / "next").symlink_to(release.name)
        (root / "next").rename(root / "config")
        converges(f"listen {9440 + number}\n")
    (root / "release-3/app.ini").write_text(ini(9500))
    converges("listen 9500\n")


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_folder_that_is_moved_away_and_made_again(
    running: AgentProcess, root: Path, converges: Converges, pause: float
) -> None:
    for number in range(3):
        (root / "config").rename(root / f"away-{number}")
        wait(pause)
        (root / "config").mkdir()
        (root / "config/app.ini").write_text(ini(9440 + number))
        converges(f"listen {9440 + number}\n")
        (root / f"away-{number}/app.ini").write_text(ini(1234))
    (root / "config/app.ini").write_text(ini(9500))
    converges("listen 9500\n")


def test_a_folder_that_is_deleted_and_made_again(
    running: AgentProcess, root: Path, converges: Converges
) -> None:
    for port in (9441, 9442, 9443):
        shutil.rmtree(root / "config")
        (root / "config").mkdir()
        (root / "config/app.ini").write_text(ini(port))
        converges(f"listen {port}\n")


def test_a_target_that_somebody_edits_in_any_way(
    running: AgentProcess, root: Path, converges: Converges, eventually: Eventually
) -> None:
    target = root / "out.conf"
    target.write_text("tampered\n")
    converges("listen 9000\n")
    (root / "other").write_text("replaced\n")
    (root / "other").rename(target)
    converges("listen 9000\n")
    target.unlink()
    converges("listen 9000\n")
    target.chmod(0o600)
    began = time.monotonic()
    eventually(lambda: target.stat().st_mode & 0o777 == 0o644, "the mode is put right")
    assert time.monotonic() - began < SOON


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_target_that_is_given_to_somebody_else(
    running: AgentProcess, root: Path, eventually: Eventually
) -> None:
    target = root / "out.conf"
    os.chown(target, 65534, 65534)
    began = time.monotonic()
    eventually(lambda: target.stat().st_uid == 0, "the owner is put right")
    assert time.monotonic() - began < SOON


def test_a_target_that_is_held_is_left_to_who_edits_it(
    running: AgentProcess, root: Path, converges: Converges
) -> None:
    assert running.command("sync", "--hold", "app").endswith(
        "app: held at generation 1, edits by hand stay\n"
    )
    target = root / "out.conf"
    target.write_text("by hand\n")
    (root / "config/app.ini").write_text(ini(9443))
    assert "held at generation 1" in running.command("status")
    wait(SOON)
    assert target.read_text() == "by hand\n"
    assert f"{target}: content" in running.command("explain", "app", code=None)
    running.command("sync", "app")
    converges("listen 9443\n")


def test_an_edited_template(running: AgentProcess, root: Path, converges: Converges) -> None:
    template = root / "etc/portreeve/templates/out.conf.j2"
    template.write_text("port {{ port }}\n")
    converges("port 9000\n")
    template.write_text("port {{ prot }}\n")
    wait(0.5)
    assert (root / "out.conf").read_text() == "port 9000\n"
    template.unlink()
    template.write_text("final {{ port }}\n")
    converges("final 9000\n")


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00\xff\xfe" * 1000, b"[web\n", ini("ninety").encode(), b"[web]\n", b"[web]\nport ="]
)
def test_garbage_and_then_good_input(
    running: AgentProcess, root: Path, converges: Converges, eventually: Eventually, garbage: bytes
) -> None:
    (root / "config/app.ini").write_bytes(garbage)
    eventually(lambda: running.status("app")["state"] != "in-step", "the garbage is noticed")
    assert (root / "out.conf").read_text() == "listen 9000\n"
    (root / "config/app.ini").write_text(ini(9443))
    converges("listen 9443\n")


def test_a_source_that_is_truncated_for_a_while_never_propagates(
    running: AgentProcess, root: Path, converges: Converges
) -> None:
    """An application that truncates its file and writes it only 2 s later, with the file open or closed."""
    target = root / "out.conf"
    before = target.stat()
    with (root / "config/app.ini").open("w") as file:
        wait(2)
        assert target.read_text() == "listen 9000\n"
        file.write("[web]\n")
        file.flush()
        wait(0.5)
        file.write("port = 94")
        file.flush()
        wait(0.5)
        assert target.stat() == before
        file.write("43\n")
    converges("listen 9443\n")
    before = target.stat()
    os.truncate(root / "config/app.ini", 0)
    wait(2)
    assert target.stat() == before
    (root / "config/app.ini").write_text(ini(9444))
    converges("listen 9444\n")


def test_a_busy_neighbour_starves_nobody(running: AgentProcess, root: Path, converges: Converges) -> None:
    """A source that is written all the time is followed while it is, not only afterwards."""
    stop = threading.Event()

    def write() -> None:
        for number in range(10_000):
            if stop.wait(0.005):
                return
            (root / "new").write_text(ini(20_000 + number))
            (root / "new").rename(root / "config/app.ini")

    busy = threading.Thread(target=write)
    busy.start()
    try:
        seen = set()
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            seen.add((root / "out.conf").read_text())
            wait(0.01)
    finally:
        stop.set()
        busy.join()
    assert len(seen) > 10
    (root / "config/app.ini").write_text(ini(9443))
    converges("listen 9443\n")


@pytest.mark.timeout(120)
def test_a_queue_of_inotify_that_overflows(running: AgentProcess, root: Path, converges: Converges) -> None:
    """The agent is stopped for as long as the events come, so that the kernel has to drop them."""
    running.process.send_signal(signal.SIGSTOP)
    try:
        noise = root / "config/noise"
        for _ in range(OVERFLOW // 3):
            # Made, closed after writing, removed: three events that the agent wants.
            noise.write_bytes(b"x")
            noise.unlink()
        (root / "config").rename(root / "away")
        (root / "config").mkdir()
        (root / "config/app.ini").write_text(ini(9443))
    finally:
        running.process.send_signal(signal.SIGCONT)
    converges("listen 9443\n")
    (root / "config/app.ini").write_text(ini(9444))
    converges("listen 9444\n")


@pytest.mark.timeout(120)
def test_a_reader_in_a_loop_sees_whole_contents_only(
    root: Path, start: Start, eventually: Eventually
) -> None:
    template = """{% for _ in range(200) %}{{ port }}
{{ "-" * 10000 }}
{% endfor %}{{ port }}
"""
    (root / "etc/portreeve/templates/out.conf.j2").write_text(template)
    (root / "config/app.ini").write_text(ini(10_000))
    agent = start()
    eventually(lambda: "READY=1" in agent.told, "it is ready")
    target = root / "out.conf"
    size = target.stat().st_size
    assert size > 2_000_000
    partial: list[str] = []
    seen: list[bytes] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            data = target.read_bytes()
            seen.append(data[:5])
            whole = data.count(seen[-1]) == 201 and data.endswith(seen[-1] + b"\n") and len(data) == size
            if not whole:
                partial.append(f"{len(data)} bytes of {size}, {data[:5]!r} to {data[-6:]!r}")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for port in range(10_001, 10_001 + REPLACEMENTS):
            (root / "config/app.ini").write_text(ini(port))
            eventually(lambda port=port: starts_with(target, port), f"{port} is written")  # type: ignore[misc]
    finally:
        stop.set()
        reader.join()
    assert partial == []
    assert len(set(seen)) > REPLACEMENTS / 2
    agent.stop()


def starts_with(target: Path, port: int) -> bool:
    with target.open() as file:
        return file.read(5) == str(port)
