"""Runs portreeve, or an alternative to it, on a place; each is a context manager that gives a process id."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.places import CONTAINER, TOP, VOLUME, Place

START_TIMEOUT = 120.0

Follower = Callable[[Place], AbstractContextManager["Running"]]


@dataclass(frozen=True, slots=True)
class Running:
    """A follower that is ready.

    Args:
        pid: its process.
        start: seconds from its start until it was ready.
    """

    pid: int
    start: float


def floor(place: Place) -> AbstractContextManager[Running]:
    """:mod:`bench.floor`."""
    return _spawned([sys.executable, "-m", "bench.floor"], place, ready=b"ready")


def loop(place: Place) -> AbstractContextManager[Running]:
    """``loop.sh`` without its Docker step."""
    return _spawned([str(TOP / "bench/loop.sh"), "/dev/stdin"], place, ready=b"established")


def loop_with_docker(place: Place) -> AbstractContextManager[Running]:
    """``loop.sh`` with its Docker step, against the daemon at ``docker.sock`` of the place."""
    argv = [str(TOP / "bench/loop.sh"), "/dev/stdin", CONTAINER, VOLUME]
    return _spawned(
        argv, place, ready=b"established", environment={"DOCKER_HOST": f"unix://{place.root}/docker.sock"}
    )


def lacks(*programs: str) -> str:
    """Why a follower that needs these programs cannot run; empty when it can."""
    absent = [program for program in programs if shutil.which(program) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


@contextmanager
def agent(place: Place) -> Iterator[Running]:
    """Portreeve; the place has its definitions. Ready is READY=1."""
    notify = place.root / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        notify.unlink(missing_ok=True)
        told.bind(str(notify))
        told.settimeout(START_TIMEOUT)
        environment = {
            **os.environ,
            "PYTHONPATH": str(TOP / "agent"),
            "PORTREEVE_ROOT": str(place.root),
            "NOTIFY_SOCKET": str(notify),
        }
        with (place.root / "agent.log").open("w") as log:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "portreeve", "run"], env=environment, stdout=log, stderr=log
            )
        try:
            while b"READY=1" not in told.recv(8192):
                pass
            start = time.perf_counter() - begun
            # Somebody has to take what it tells, or it would wait for that.
            reader = threading.Thread(target=_read_until_end, args=(told,))
            reader.start()
            try:
                yield Running(process.pid, start)
            finally:
                told.sendto(_END, str(notify))
                reader.join()
        finally:
            process.terminate()
            process.wait()


_END = b"end"


def _read_until_end(told: socket.socket) -> None:
    told.settimeout(None)
    while told.recv(8192) != _END:
        pass


@contextmanager
def _spawned(
    argv: list[str], place: Place, *, ready: bytes, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    table = place.root / "table"
    table.write_text(place.table)
    begun = time.perf_counter()
    with table.open() as lines:
        process = subprocess.Popen(
            argv,
            cwd=TOP,
            env={**os.environ, **(environment or {})},
            stdin=lines,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        while ready not in (line := process.stdout.readline()):
            if not line:
                raise RuntimeError(f"{argv[0]} ended before it was ready")
        yield Running(process.pid, time.perf_counter() - begun)
    finally:
        # inotifywait of the loop is in the same session and would stay.
        os.killpg(process.pid, 15)
        process.communicate()


def fake_docker(place: Place) -> AbstractContextManager[object]:
    """tests/fakes/dockerd at ``docker.sock`` of the place, with the volume that the sources are in."""
    sys.path.insert(0, str(Path(TOP, "tests")))
    from fakes.dockerd import FakeContainer, FakeDockerd, volume

    daemon = FakeDockerd(place.root / "docker.sock")
    daemon.containers.append(FakeContainer(CONTAINER, mounts=[volume(VOLUME, place.root / "app", "/data")]))
    daemon.volumes[VOLUME] = {}
    return daemon
