"""How long a change takes to reach its target: portreeve against the floor, in the same run.

    python -m bench.follow [ROUNDS]

The floor is a process that does nothing else: it waits in inotify, writes the value to a temporary file,
syncs it, renames it over the target and syncs the folder. It neither types, checks, renders nor remembers.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
IN_CLOSE_WRITE, IN_MOVED_TO = 0x8, 0x80
DEADLINE = 10.0

DEFINITION = """
[sources.app]
file = "{root}/app.ini"
[values]
port = {{ source = "app", key = "web.port", type = "port" }}
[[targets]]
path = "{root}/out.conf"
template = "out.conf.j2"
"""


def floor(source: Path, target: Path) -> None:
    """Follow ``source`` in the cheapest way that is still durable, until killed."""
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(0)
    libc.inotify_add_watch(watch, os.fsencode(source.parent), IN_CLOSE_WRITE | IN_MOVED_TO)
    folder = os.open(target.parent, os.O_RDONLY)
    print("ready", flush=True)
    while os.read(watch, 4096):
        port = source.read_text().rpartition("=")[2].strip()
        if not port:
            continue
        temporary = target.with_name(".out.tmp")
        with temporary.open("w") as file:
            file.write(f"listen {port}\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        os.fsync(folder)


@contextmanager
def running(root: Path, agent: bool) -> Iterator[None]:
    """Portreeve, or the floor, following ``app.ini`` in ``root``."""
    if agent:
        for folder in ("etc/portreeve/syncs.d", "etc/portreeve/templates", "var/lib", "run"):
            (root / folder).mkdir(parents=True)
        (root / "etc/portreeve/templates/out.conf.j2").write_text("listen {{ port }}\n")
        (root / "etc/portreeve/syncs.d/app.toml").write_text(DEFINITION.format(root=root))
        argv = [sys.executable, "-m", "portreeve", "run"]
    else:
        argv = [sys.executable, "-c", f"from bench.follow import *; floor(*map(Path, {_arguments(root)}))"]
    environment = {**os.environ, "PYTHONPATH": f"{TOP}:{TOP / 'agent'}", "PORTREEVE_ROOT": str(root)}
    process = subprocess.Popen(argv, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        if agent:
            wait_for(root / "out.conf", "listen 9000\n")
        else:
            assert process.stdout is not None
            process.stdout.readline()
        yield
    finally:
        process.terminate()
        process.communicate()


def _arguments(root: Path) -> list[str]:
    return [str(root / "app.ini"), str(root / "out.conf")]


def wait_for(target: Path, text: str) -> float:
    """Spin until the target has this text; the moment when it was seen."""
    deadline = time.perf_counter() + DEADLINE
    while time.perf_counter() < deadline:
        try:
            if target.read_text() == text:
                return time.perf_counter()
        except FileNotFoundError:
            pass
    raise TimeoutError(f"{target} is not {text!r} after {DEADLINE} s")


def in_place(source: Path, text: str) -> None:
    """Truncate and write."""
    source.write_text(text)


def atomic(source: Path, text: str) -> None:
    """Write a new file and rename it."""
    new = source.with_name("app.ini.new")
    new.write_text(text)
    new.replace(source)


def measure(agent: bool, write: Callable[[Path, str], None], rounds: int) -> list[float]:
    """Milliseconds from the end of each write until its value is in the target."""
    with tempfile.TemporaryDirectory(dir=TOP) as name:
        root = Path(name)
        (root / "app.ini").write_text("[web]\nport = 9000\n")
        with running(root, agent):
            taken = []
            for port in range(10_000, 10_000 + rounds):
                write(root / "app.ini", f"[web]\nport = {port}\n")
                begun = time.perf_counter()
                taken.append((wait_for(root / "out.conf", f"listen {port}\n") - begun) * 1000)
        return taken


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"change → file in place, ms, {rounds} rounds")
    print(f"{'':22}{'p50':>8}{'p95':>8}{'p99':>8}   p50 as a ratio")
    for write in (in_place, atomic):
        base = 0.0
        for agent in (False, True):
            taken = sorted(measure(agent, write, rounds))
            cut = statistics.quantiles(taken, n=100, method="inclusive")
            base = base or cut[49]
            name = f"{write.__name__.replace('_', '-')}, {'portreeve' if agent else 'floor'}"
            print(f"{name:22}{cut[49]:8.1f}{cut[94]:8.1f}{cut[98]:8.1f}   {cut[49] / base:.1f}")


if __name__ == "__main__":
    main()
