"""The package in every environment: it comes, changes and goes, unasked, in time, without a trace.

Each test takes one environment through the operations; all six of them with PORTREEVE_TEST_LONG=1, which then
prints the times that docs/testing.md has.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from host.conftest import Show
from host.filesystem import content, differences
from host.following_file import APPLYING, CHOSEN, OF_A_CONTAINER, WRITTEN, choose, declare, follows
from host.lab.bare import BareRoot
from host.lab.command import Result
from host.lab.guest import Guest
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.package_cells import OPERATIONS, SHORT, Cells
from host.package_versions import EARLIER, Versions, versions

LONG = bool(os.environ.get("PORTREEVE_TEST_LONG"))
STEPS = OPERATIONS if LONG else SHORT
PACKAGES = "/srv/packages"
POLICY = "/usr/sbin/policy-rc.d"
WANTS = "/etc/systemd/system/multi-user.target.wants/portreeve.service"
HOLD_LOCKS = """
import fcntl, os, time
locks = [open(f"/var/lib/dpkg/{name}", "a") for name in ("lock-frontend", "lock")]
for lock in locks:
    fcntl.lockf(lock, fcntl.LOCK_EX)
open("/run/lab-locked", "w").close()
time.sleep(2)
os.unlink("/run/lab-locked")
"""
LISTEN = """
import pathlib, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
server.accept()
pathlib.Path(sys.argv[2]).touch()
"""
RUN_OF_A_HOST = """
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/run"
mkdir -p "$1"/run/{systemd/system,portreeve}
"""
ASK_THE_AGENT = ("curl", "-si", "--unix-socket", "/run/portreeve/public.sock", "http://x/v1/status")
MOUNT = """
mkdir -p "$1"/{upper,work,root}
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" lab "$1/root"
"""

pytestmark = pytest.mark.timeout(600, func_only=True)

Times = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Place:
    """A machine that tests share, each of which leaves it as it found it.

    Attributes:
        guest: the machine.
        versions: of the package, as files in it.
        upper: the layer of its changes, as seen here.
        lowers: the layers below that.
        times: of all environments.
    """

    guest: Guest
    versions: Versions
    upper: Path
    lowers: tuple[Path, ...]
    times: Times

    def goes_through(
        self, environment: str, cells: Cells | None = None, after: Callable[[str], object] = str
    ) -> None:
        """Take the package through the operations, and compare the file systems of before and after.

        Args:
            environment: its name in the table of times.
            cells: how an operation is run; on the machine itself by default.
            after: what else is to hold after each.
        """
        cells = cells or Cells(self.guest, self.versions)
        before = content(self.upper)
        for step in STEPS:
            cells.run(step)
            after(step)
            assert cells.left_running() == []
        self.times[environment] = cells.times
        assert differences(before, content(self.upper), self.lowers) == {}
        assert not self.guest.exists("/run/portreeve")


@pytest.fixture(scope="module")
def built(bookworm_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """Three versions of the package."""
    return versions(bookworm_package, tmp_path_factory.mktemp("versions"))


@pytest.fixture(scope="module")
def times(show: Show) -> Iterator[Times]:
    """Seconds of each operation in each environment, printed at the end of the full form."""
    taken: Times = {}
    yield taken
    if LONG:
        lines = ["", "| environment | " + " | ".join(OPERATIONS) + " |", "|---" * (len(OPERATIONS) + 1) + "|"]
        for environment, cells in taken.items():
            row = (f"{cells[step]:.1f}" if step in cells else "–" for step in OPERATIONS)
            lines.append(f"| {environment} | {' | '.join(row)} |")
        show(lambda: print("\n".join(lines)))


@pytest.fixture(scope="module")
def server(lab_run: Run, plain_snapshot: Snapshot, built: Versions, times: Times) -> Iterator[Place]:
    """A booted server with Docker and Cockpit, without a network of the outside."""
    with Host(lab_run, plain_snapshot, "matrix") as host:
        yield _place(lab_run, plain_snapshot, host, built, times)


@pytest.fixture(scope="module")
def image(lab_run: Run, plain_snapshot: Snapshot, built: Versions, times: Times) -> Iterator[Place]:
    """The same file system as an image that is being built: nothing of it runs, process 1 is not systemd."""
    with BareRoot(lab_run, plain_snapshot, "image") as root:
        yield _place(lab_run, plain_snapshot, root, built, times)


def _place(run: Run, snapshot: Snapshot, guest: Host | BareRoot, built: Versions, times: Times) -> Place:
    # dpkg syncs each file, for a loss of power that does not come here
    guest.write("/etc/dpkg/dpkg.cfg.d/lab", "force-unsafe-io\n")
    upper = run.folder / guest.name / "upper"
    return Place(guest, built.copy_into(guest, PACKAGES), upper, snapshot.layers, times)


def state(guest: Guest) -> str:
    """Whether the agent runs: active, inactive, failed …"""
    return guest.run("systemctl", "is-active", "portreeve.service", check=False).stdout.strip()


@contextmanager
def background(guest: Guest, *argv: str) -> Iterator[None]:
    """Run a program there for the time of a `with` block."""
    script = '"$@" & echo $! >/run/lab-background; wait || true'
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(guest.shell, script, *argv)
        guest.wait_until(lambda: guest.exists("/run/lab-background"), 10, "it was started")
        try:
            yield
        finally:
            guest.shell('kill "$(cat /run/lab-background)" || true; rm /run/lab-background')
            done.result()


# ---- a booted server ----------------------------------------------------------------------------


def test_a_booted_server_without_a_network(server: Place) -> None:
    def after(step: str) -> None:
        if step in {"remove", "purge"}:
            assert state(server.guest) != "active"
            return
        assert state(server.guest) == "active"
        version = server.versions.current.name.split("_")[1].split("-")[0] if step == "upgrade" else EARLIER
        assert f"Server: portreeve/{version}" in server.guest.run(*ASK_THE_AGENT).stdout
        assert server.guest.run("systemctl", "is-enabled", "portreeve.service").stdout.strip() == "enabled"

    assert "default" not in server.guest.run("ip", "route").stdout
    server.goes_through("booted systemd, offline", after=after)


def test_settings_that_were_edited_raise_no_question_and_stay(server: Place) -> None:
    settings = "/etc/portreeve/portreeve.toml"

    def after(step: str) -> None:
        if step == "install":
            server.guest.append(settings, '[log]\nlevel = "DEBUG"\n')
        elif step != "purge":
            assert server.guest.read(settings).endswith('[log]\nlevel = "DEBUG"\n')

    server.goes_through("settings edited", after=after)


def test_policy_rc_d_keeps_the_agent_from_being_started(server: Place) -> None:
    server.guest.write(POLICY, "#!/bin/sh\nexit 101\n", mode=0o755)

    def after(step: str) -> None:
        assert state(server.guest) != "active"
        assert server.guest.exists(WANTS) == (step != "purge")

    server.goes_through("policy-rc.d 101", after=after)
    server.guest.run("rm", POLICY)


def test_no_docker_and_docker_that_comes_later(server: Place) -> None:
    guest, units = server.guest, ("docker.socket", "docker.service")
    guest.run("systemctl", "mask", "--runtime", "--now", *units)
    server.goes_through("no Docker", after=lambda step: runs_unless_gone(guest, step))

    def docker_comes(step: str) -> None:
        runs_unless_gone(guest, step)
        if step == "install":
            guest.run("systemctl", "unmask", "--runtime", *units)
            guest.run("systemctl", "start", "docker.service")
            guest.run("portreeve", "wait", "docker", "--timeout", "30s", timeout=40)

    server.goes_through("Docker comes after it", after=docker_comes)


def runs_unless_gone(guest: Guest, step: str) -> None:
    assert (state(guest) == "active") == (step not in {"remove", "purge"})


def test_an_agent_that_was_stopped_for_good_stays_so_and_takes_back_what_it_wrote(server: Place) -> None:
    guest = server.guest

    def after(step: str) -> None:
        if step == "install":
            declare(guest)
            follows(guest)
            guest.run("systemctl", "disable", "--now", "portreeve.service")
        assert state(guest) == "inactive"
        assert guest.exists(WRITTEN) == (step not in {"remove", "purge"})
        if step == "purge":
            guest.run("rm", CHOSEN)

    server.goes_through("agent stopped", after=after)


def test_an_agent_that_waits_for_a_container_holds_nobody_up(server: Place) -> None:
    guest = server.guest

    def after(step: str) -> None:
        if step == "install":
            declare(guest, OF_A_CONTAINER)
            guest.wait_until(
                lambda: "container-absent" in guest.run("portreeve", "explain", "lab", check=False).stdout,
                10,
                "it waits for its container",
            )
        runs_unless_gone(guest, step)
        if step == "purge":
            guest.run("rm", CHOSEN)

    server.goes_through("agent waiting", after=after)


def test_an_apply_that_is_under_way_is_finished_across_the_operation(server: Place) -> None:
    guest = server.guest
    port = 9000

    def after(step: str) -> None:
        nonlocal port
        if step == "install":
            declare(guest, seconds=3)
        if step in {"remove", "purge"}:
            assert not guest.exists(WRITTEN)
            guest.run("rm", "-f", CHOSEN)
            return
        follows(guest, port)
        port += 1
        choose(guest, port)
        guest.wait_until(lambda: guest.exists(APPLYING), 10, "the change is being applied")

    server.goes_through("agent applying", after=after)
    assert not guest.exists(APPLYING)


def test_another_apt_is_waited_for(server: Place) -> None:
    guest = server.guest

    class Later(Cells):
        def run(self, operation: str) -> Result:
            guest.run("systemd-run", "--quiet", "--collect", "python3", "-c", HOLD_LOCKS)
            guest.wait_until(lambda: guest.exists("/run/lab-locked"), 10, "another apt has the locks")
            return super().run(operation)

    server.goes_through("another apt running", Later(guest, server.versions))


def test_a_read_only_usr_keeps_neither_agent_nor_hooks_from_their_work(server: Place) -> None:
    guest = server.guest

    def after(step: str) -> None:
        if step != "install":
            return
        declare(guest)
        follows(guest)
        guest.shell("mount --bind /usr /usr && mount -o remount,bind,ro /usr")
        try:
            assert guest.run("touch", "/usr/lab", check=False).code != 0
            guest.run("systemctl", "restart", "portreeve.service", timeout=60)
            choose(guest, 9001)
            follows(guest, 9001)
            for event in ("pre-upgrade", "post-upgrade"):
                hook = guest.run("portreeve", "hook", event, "--package", "cockpit-ws")
                assert (hook.code, hook.stdout) == (0, "")
        finally:
            guest.run("umount", "--lazy", "/usr")
        guest.run("rm", CHOSEN)

    server.goes_through("/usr read-only in between", after=after)


# ---- no systemd that is ours --------------------------------------------------------------------


def test_an_image_that_is_being_built(image: Place) -> None:
    def after(step: str) -> None:
        assert image.guest.exists(WANTS) == (step != "purge")

    image.goes_through("image build, process 1 not systemd", after=after)


@contextmanager
def tree(place: Place) -> Iterator[tuple[str, Place]]:
    """A root file system beside the machine's own: all that is there, and changes that are thrown away."""
    guest, folder = place.guest, "/srv/plain/tree"
    guest.shell(MOUNT, folder)
    try:
        upper = place.upper.parent / "plain/tree/upper"
        yield f"{folder}/root", replace(place, upper=upper, lowers=(Path(f"/proc/{guest.leader}/root"),))
    finally:
        guest.shell('umount -R "$1/root"; rm -rf "$1"', folder)


def test_a_chroot_has_nothing_started_and_leaves_the_hosts_own_agent_alone(image: Place) -> None:
    with tree(image) as (root, place):
        # as arch-chroot and its like do; what a host's systemd and agent have in /run
        place.guest.shell(RUN_OF_A_HOST, root)
        socket = f"{root}/run/portreeve/control.sock"
        with background(place.guest, "python3", "-c", LISTEN, socket, "/srv/asked"):
            place.guest.wait_until(lambda: place.guest.exists(socket), 10, "the host's agent listens")

            def after(step: str) -> None:
                if step == "install":
                    place.guest.write(f"{root}/var/lib/portreeve/state.sqlite", "")
                assert place.guest.exists(socket)

            cells = Cells(place.guest, place.versions, command=f"chroot {root}", root=root)
            place.goes_through("chroot that has the host's /run", cells, after)
        assert not place.guest.exists("/srv/asked")


def test_another_root_by_dpkg_root(image: Place) -> None:
    with tree(image) as (root, place):
        outside = content(image.upper)
        options = f"--root={root} --force-script-chrootless"

        def after(step: str) -> None:
            assert place.guest.exists(root + WANTS) == (step != "purge")

        cells = Cells(place.guest, place.versions, dpkg=options, root=root)
        place.goes_through("DPKG_ROOT", cells, after)
        assert differences(outside, content(image.upper), image.lowers) == {}
