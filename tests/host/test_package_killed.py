"""dpkg is killed in the middle of the package: the next call finishes, and nothing is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.following_file import APPLYING, CHOSEN, WRITTEN, choose, declare, follows
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.package_versions import Versions, versions

LONG = bool(os.environ.get("PORTREEVE_TEST_LONG"))
WHOM = ("dpkg", "all") if LONG else ("all",)
INSTANTS = [n / 20 for n in range(1, 21)] if LONG else [0.15, 0.5, 0.85]
STARTING = "/run/lab-starting"
SLOW_START = f"[Service]\nExecStartPre=/bin/sh -c 'touch {STARTING}; sleep 2; rm -f {STARTING}'\n"
DROP_IN = "/run/systemd/system/portreeve.service.d/lab.conf"
# runs dpkg and kills it: when it tells a word, when a file is there, or after a part of what it took before
KILLER = """
import os, signal, subprocess, sys, time
whom, when, *dpkg = sys.argv[1:]
kind, _, what = when.partition(":")
read, write = os.pipe()
argv = ["dpkg", "--status-fd", str(write), *dpkg]
process = subprocess.Popen(argv, pass_fds=[write], stdin=subprocess.DEVNULL, start_new_session=True)
os.close(write)
began = time.monotonic()
if kind == "word":
    with open(read) as lines:
        for line in lines:
            if what in line.split():
                break
elif kind == "file":
    while not os.path.exists(what) and process.poll() is None:
        time.sleep(0.002)
elif kind == "after":
    time.sleep(float(what))
if process.poll() is None:
    (os.kill if whom == "dpkg" else os.killpg)(process.pid, signal.SIGKILL)
print(process.wait(), time.monotonic() - began)
"""
INTEGRITY = """
import sqlite3
state = sqlite3.connect("file:/var/lib/portreeve/state.sqlite?mode=ro", uri=True)
print(*state.execute("pragma integrity_check"))
"""

pytestmark = pytest.mark.timeout(600, func_only=True)


@pytest.fixture(scope="module")
def built(bookworm_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Versions of the package."""
    return versions(bookworm_package, tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def following(lab_run: Run, plain_snapshot: Snapshot, built: Versions) -> Iterator[Packaged]:
    """A booted server with the package, on which a file follows another one."""
    with Host(lab_run, plain_snapshot, "killed") as host:
        packaged = Packaged(host, built.copy_into(host, "/srv/packages"))
        packaged.dpkg("-i", str(packaged.versions.earlier))
        declare(host)
        follows(host)
        yield packaged


class Packaged:
    """The host, and what dpkg is told there."""

    def __init__(self, host: Host, packages: Versions) -> None:
        self.host = host
        self.versions = packages

    def dpkg(self, *options: str) -> None:
        """Run dpkg as an administrator does."""
        self.host.run("dpkg", *options, timeout=120)

    def killed(self, whom: str, when: str, *options: str) -> int:
        """Run dpkg and kill it; its exit code, negative for a signal.

        Args:
            whom: `dpkg` alone, or `all` that it has started as well.
            when: `word:STATUS`, `file:PATH` or `after:SECONDS`.
            options: of dpkg.
        """
        argv = ("python3", "-c", KILLER, whom, when, *options)
        return int(self.host.run(*argv, timeout=120).stdout.splitlines()[-1].split()[0])

    def status(self) -> str:
        """What dpkg says of the package."""
        return self.host.run("dpkg-query", "-W", "-f", "${db:Status-Status}", "portreeve", check=False).stdout

    def finish(self, package: Path) -> None:
        """Do what dpkg asks for: configure, or give it the package again that was half unpacked."""
        done = self.host.run("dpkg", "--configure", "-a", check=False, timeout=120)
        if done.code != 0:
            assert "reinstall it before attempting configuration" in done.stderr
        show = "${db:Status-Status} ${db:Status-Eflag}"
        if self.host.run("dpkg-query", "-W", "-f", show, "portreeve").stdout != "installed ok":
            self.dpkg("-i", str(package))
        self.host.run("apt-get", "-y", "-f", "install", timeout=120)

    def is_whole(self) -> None:
        """dpkg, the state, the agent and what it wrote are as if nothing had happened."""
        assert self.status() == "installed"
        assert self.host.run("dpkg", "--audit").stdout == ""
        assert self.host.run("dpkg", "--verify", "portreeve", check=False).stdout == ""
        assert self.host.run("python3", "-c", INTEGRITY).stdout.strip() == "('ok',)"
        self.host.wait_until(self._runs, 20, "the agent runs")
        follows(self.host)

    def generation(self) -> int:
        """Which generation is in force."""
        shown = json.loads(self.host.run("portreeve", "status", "--output", "json").stdout)
        generation: int = shown["syncs"][0]["generation"]
        return generation

    def _runs(self) -> bool:
        return self.host.run("systemctl", "is-active", "portreeve.service", check=False).code == 0


@pytest.mark.parametrize("whom", WHOM)
@pytest.mark.parametrize("status", ["half-installed", "unpacked", "half-configured"])
def test_killed_at_each_status_of_an_upgrade(following: Packaged, status: str, whom: str) -> None:
    generation, package = following.generation(), following.versions.current
    assert following.killed(whom, f"word:{status}", "-i", str(package)) == -9
    assert following.host.read(WRITTEN) == "port 9000\n"
    following.finish(package)
    following.is_whole()
    assert following.generation() == generation


@pytest.mark.parametrize("whom", WHOM)
def test_killed_while_its_postinst_starts_the_agent(following: Packaged, whom: str) -> None:
    host = following.host
    host.write(DROP_IN, SLOW_START)
    assert following.killed(whom, f"file:{STARTING}", "-i", str(following.versions.later)) == -9
    assert following.status() == "half-configured"
    following.dpkg("--configure", "-a")
    following.is_whole()
    host.run("rm", DROP_IN)
    host.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("part", INSTANTS)
def test_killed_at_any_instant_of_an_upgrade(following: Packaged, part: float) -> None:
    took = following.host.shell(
        'began=$(date +%s%N); dpkg -i "$1" >/dev/null 2>&1; echo $(($(date +%s%N) - began))',
        str(following.versions.earlier),
        timeout=120,
    )
    seconds = part * int(took.stdout) / 1e9
    following.killed("all", f"after:{seconds:.3f}", "-i", str(following.versions.current))
    following.finish(following.versions.current)
    following.is_whole()


def test_killed_while_it_is_removed(following: Packaged) -> None:
    host = following.host
    declare(host, seconds=2)
    choose(host, 9001)
    follows(host, 9001)
    host.wait_until(lambda: not host.exists(APPLYING), 10, "nothing is being applied")
    assert following.killed("dpkg", f"file:{APPLYING}", "-r", "portreeve") == -9
    following.dpkg("--configure", "-a")
    # what was to go is not configured again, but goes
    following.dpkg("-r", "portreeve")
    assert following.status() == "config-files"
    assert not host.exists(WRITTEN)
    following.dpkg("-P", "portreeve")
    assert not host.exists("/var/lib/portreeve")
    host.run("rm", CHOSEN)
