"""The lab keeps its own promises: what the other host tests take for granted is shown here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from host.lab import cgroup, mounts, run, snapshots
from host.lab.bare import BareRoot
from host.lab.containers import IMAGE, Containers, run_apphub
from host.lab.errors import CommandError, DeadlineError, LabError
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.places import CHECKOUT, scratch_root
from host.lab.run import Run
from host.lab.snapshots import Boot

COCKPIT = 9090


def test_a_host_boots_with_cockpit_and_docker(host: Host) -> None:
    assert host.http_status(COCKPIT) == 200
    assert host.is_listening(COCKPIT)
    assert host.run("hostname").stdout.strip() == host.name
    assert IMAGE in Containers(host).docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout


def test_trixie_boots_with_cockpit_and_docker(trixie_host: Host) -> None:
    assert trixie_host.http_status(COCKPIT) == 200
    assert "trixie" in trixie_host.read("/etc/os-release")
    apphub = run_apphub(Containers(trixie_host))
    trixie_host.reboot()
    assert apphub.containers.state(apphub.name) == "running"


@pytest.mark.parametrize("release", ["host", "trixie_host"])
def test_cockpit_is_reinstalled_and_upgraded_without_a_network(
    release: str, request: pytest.FixtureRequest
) -> None:
    host: Host = request.getfixturevalue(release)
    socket = "/usr/lib/systemd/system/cockpit.socket"
    vendor = host.read(socket)
    assert "ListenStream=9090\n" in vendor
    host.write(socket, vendor.replace("ListenStream=9090", "ListenStream=9000"))
    original = cockpit_package(host)

    install_package(host, original)
    assert host.read(socket) == vendor
    install_package(host, cockpit_package(host, 9191))
    assert host.read(socket) == vendor.replace("ListenStream=9090", "ListenStream=9191")
    host.run("systemctl", "restart", "cockpit.socket")
    assert host.http_status(9191) == 200
    install_package(host, original)
    assert host.read(socket) == vendor


@pytest.mark.parametrize("ending", ["reboot", "power_cut"])
def test_volume_container_and_journal_outlive(host: Host, ending: str) -> None:
    apphub = run_apphub(Containers(host))
    apphub.set_port_in_place(9123)
    machine_id = host.read("/etc/machine-id")
    host.run("logger", "-t", "lab", "before the end")
    host.run("journalctl", "--sync")

    getattr(host, ending)()

    assert host.read(apphub.config_path) == apphub.config(9123)
    assert apphub.containers.state(apphub.name) == "running"
    assert host.read("/etc/machine-id") == machine_id
    assert "before the end" in [entry["MESSAGE"] for entry in host.journal(boot=-1)]
    assert "before the end" not in [entry["MESSAGE"] for entry in host.journal(boot=0)]


def test_two_hosts_side_by_side_share_nothing(boot: Boot, plain_snapshot: Snapshot) -> None:
    one, two = boot(plain_snapshot), boot(plain_snapshot)
    run_apphub(Containers(one))
    assert Containers(two).docker("ps", "-aq").stdout == ""
    one.write("/etc/only-on-one", "")
    assert not two.exists("/etc/only-on-one")
    assert one.read("/etc/machine-id") != two.read("/etc/machine-id")
    assert one.http_status(COCKPIT) == two.http_status(COCKPIT) == 200
    one.close()
    assert two.http_status(COCKPIT) == 200
    with pytest.raises(LabError, match="not running"):
        one.run("true")


def test_commands_have_codes_outputs_and_deadlines(host: Host) -> None:
    assert host.shell("echo out; echo err >&2; exit 3", check=False).code == 3
    assert host.run("cat", input="text").stdout == "text"
    with pytest.raises(CommandError, match=r"code 3\nerr"):
        host.shell("echo err >&2; exit 3")
    with pytest.raises(CommandError, match="ran out of time"):
        host.run("sleep", "321", timeout=0.5)

    def processes() -> str:
        return host.run("ps", "-e", "-o", "args").stdout

    host.wait_until(lambda: "sleep 321" not in processes(), 5, "the command is killed")
    host.shell("setsid sleep 322 &")  # a daemon that keeps the output open does not hold the caller
    with pytest.raises(DeadlineError, match="pigs fly"):
        host.wait_until(lambda: False, 0.2, "pigs fly")


def test_two_listings_tell_what_changed(host: Host) -> None:
    before = host.listing("/etc", "/usr/local")
    assert host.listing("/etc", "/usr/local") == before
    host.write("/etc/new/file", "x", 0o600)
    host.append("/etc/hosts", "# more\n")
    host.run("ln", "-s", "nowhere", "/usr/local/link")
    after = host.listing("/etc", "/usr/local")
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {"/etc/new", "/etc/new/file", "/etc/hosts", "/usr/local/link"}
    assert after["/etc/new/file"].mode == "600"
    assert after["/usr/local/link"].content == "nowhere"


def test_the_journal_is_read_from_a_place_on(host: Host) -> None:
    cursor = host.journal_cursor()
    host.run("logger", "-t", "lab", "after the cursor")

    def messages() -> list[object]:
        return [entry["MESSAGE"] for entry in host.journal(since_cursor=cursor)]

    host.wait_until(lambda: "after the cursor" in messages(), 5, "it is there")
    assert host.journal(unit="cockpit.socket", boot=0)


def test_a_failed_unit_is_named(host: Host) -> None:
    unit = "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n"
    host.write("/etc/systemd/system/lab-fails.service", unit)
    host.run("systemctl", "enable", "lab-fails.service")
    with pytest.raises(LabError, match=r"degraded:\n.*\nlab-fails\.service"):
        host.reboot()


def test_folders_are_copied_in(host: Host, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part/file").write_text("text")
    host.copy_in(tmp_path / "part", "/srv/deep/other")
    host.copy_in(tmp_path / "part/file", "/srv/single")
    assert host.read("/srv/deep/other/file") == host.read("/srv/single") == "text"
    assert host.run("stat", "-c", "%U", "/srv/deep/other").stdout == "root\n"


def test_a_layer_folder_can_be_renamed(host: Host) -> None:
    host.run("python3", "-c", "import os; os.rename('/usr/share/cockpit', '/usr/share/cockpit.old')")
    assert host.exists("/usr/share/cockpit.old/shell")


def test_a_bare_root_has_neither_systemd_nor_docker(bare_root: BareRoot) -> None:
    assert bare_root.run("cat", "/proc/1/comm").stdout != "systemd\n"
    assert bare_root.shell("command -v docker systemctl python3", check=False).stdout == ""
    bare_root.write("/root/file", "text")
    assert bare_root.read("/root/file") == "text"


def test_what_a_killed_run_left_is_cleared_by_the_next(minbase_snapshot: Snapshot) -> None:
    script = """
import os, sys
from pathlib import Path
from host.lab.bare import BareRoot
from host.lab.nspawn import Snapshot
from host.lab.run import Run
from host.lab.snapshots import Boot
run = Run()
BareRoot(run, Snapshot((Path(sys.argv[1]),)))
print(run.name, flush=True)
os._exit(9)
"""
    killed = subprocess.run(
        [sys.executable, "-c", script, str(minbase_snapshot.layers[0])],
        cwd=CHECKOUT / "tests",
        env={"PYTHONPATH": str(CHECKOUT / "tests"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    name = killed.stdout.strip()
    folder = scratch_root() / name
    assert killed.returncode == 9
    assert mounts.beneath(folder)
    run.sweep(scratch_root())
    assert not folder.exists()
    assert not mounts.beneath(folder)
    assert not cgroup.named(name)


def test_a_machine_that_is_left_open_is_noticed(lab_run: Run, minbase_snapshot: Snapshot) -> None:
    before = lab_run.leftovers()
    with BareRoot(lab_run, minbase_snapshot):
        assert len(lab_run.leftovers() - before) == 2  # its processes and its overlay
    assert lab_run.leftovers() == before


@pytest.mark.skipif(not (CHECKOUT / "install.sh").exists(), reason="there is no install.sh yet")
def test_an_installed_host_runs_portreeve(installed_host: Host) -> None:
    assert installed_host.run("systemctl", "is-active", "portreeve.service").stdout == "active\n"
    assert installed_host.exists(snapshots.WHEELHOUSE)
