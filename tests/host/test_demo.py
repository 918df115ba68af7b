"""The README's first command: on a newcomer's machine, and on servers with systemd and Docker."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from host.lab.bare import BareRoot
from host.lab.command import Result
from host.lab.containers import Containers, run_apphub
from host.lab.guest import Entry, Guest
from host.lab.machine import Host
from host.lab.places import CHECKOUT
from host.lab.snapshots import COCKPIT_PORT, PRODUCT, WHEELHOUSE

INSTALL = f"{PRODUCT}/install.sh"
ACTS = (
    "Act 1: the container is not there yet, and nothing is written",
    "Act 2: the container comes, and 9000 is written",
    "Act 3: the port changes to 9100, and the file follows",
    "Act 4: the application's file is truncated, and the last good port stays",
    "Act 5: the container is removed and made anew, and the agent follows",
)
CLONE = (
    *("install.sh", "requirements.lock", "pyproject.toml", "README.md", "LICENSE"),
    *("agent", "units", "templates", "examples", "profiles", "docs/man"),
)
WIDTH = 80
# where the demo, or an agent of it, could leave something
FOLDERS = (
    "/etc",
    "/opt",
    "/usr/local",
    "/var/lib/portreeve",
    "/var/lib/portreeve-demo",
    "/run/systemd/system",
)

pytestmark = pytest.mark.timeout(600)


def demo(guest: Guest, *options: str, check: bool = True) -> Result:
    return guest.run(INSTALL, "--demo", *options, check=check, timeout=540)


def held(result: Result) -> None:
    """Every act was played and held, in lines that fit a terminal."""
    for act in (*ACTS, "All five acts held."):
        assert act in result.stdout, result.stdout
    assert "✗" not in result.stdout
    assert result.stderr == ""
    delay = re.search(r"✓ the file says 9100, (\d+) ms after the container wrote it", result.stdout)
    assert delay
    assert int(delay[1]) < 2000
    assert [line for line in result.stdout.splitlines() if len(line) > WIDTH] == []


def in_the_readme(result: Result) -> None:
    """The README's transcript is what is played: each act and each thing that held, whatever the times."""
    numbers = re.compile(r"\d+ ms")
    readme = numbers.sub("N ms", (CHECKOUT / "README.md").read_text()).splitlines()
    played = numbers.sub("N ms", result.stdout).splitlines()
    told = [line for line in played if line.startswith(("Act ", "  ✓ ", "  $ "))]
    assert [line for line in told if line not in readme] == []


def nothing_is_left(guest: Guest, before: dict[str, Entry]) -> None:
    after = guest.listing(*FOLDERS)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()
    processes = guest.run("ps", "-e", "-o", "args", check=False).stdout
    assert "portreeve" not in processes
    assert not guest.exists("/run/portreeve-demo")


def no_trace_in_docker(host: Host, *also: str) -> None:
    docker = Containers(host).docker
    assert set(docker("ps", "-a", "--format", "{{.Names}}").stdout.split()) == set(also)
    assert "portreeve" not in docker("images").stdout + docker("volume", "ls").stdout


@pytest.mark.long
def test_on_a_newcomers_machine_from_a_wheelhouse(bare_root: BareRoot, wheelhouse: Path) -> None:
    root = bare_root
    root.copy_in(wheelhouse, WHEELHOUSE)
    for part in ("install.sh", "requirements.lock"):
        root.copy_in(CHECKOUT / part, f"{PRODUCT}/{part}")

    first = demo(root, "--wheelhouse", WHEELHOUSE)

    held(first)
    assert "stay:\n  python3 python3-venv docker.io iptables busybox-static\n" in first.stdout
    assert "sd_notify  READY=1" in first.stdout
    assert "sd_notify  STATUS=1 sync: 1 in step" in first.stdout
    before = root.listing(*FOLDERS)
    second = demo(root, "--wheelhouse", WHEELHOUSE)
    held(second)
    assert "stay:" not in second.stdout
    nothing_is_left(root, before)


def test_on_a_newcomers_machine_from_a_clone(bare_root: BareRoot) -> None:
    root = bare_root
    for part in CLONE:
        root.copy_in(CHECKOUT / part, f"{PRODUCT}/{part}")
    before = root.listing(PRODUCT)
    played = demo(root)
    held(played)
    in_the_readme(played)
    assert root.listing(PRODUCT) == before


def test_on_a_server_it_is_a_service_of_systemd(equipped_host: Host) -> None:
    host = equipped_host
    before = host.listing(*FOLDERS)

    played = demo(host, "--wheelhouse", WHEELHOUSE)

    held(played)
    in_the_readme(played)
    assert "a service of systemd" in played.stdout
    assert "StatusText=1 sync: 1 in step" in played.stdout
    nothing_is_left(host, before)
    no_trace_in_docker(host)
    assert host.run("systemctl", "--failed", "--no-legend").stdout == ""
    assert host.http_status(COCKPIT_PORT) == 200


def test_an_installed_portreeve_does_not_notice(installed_host: Host) -> None:
    host = installed_host
    apphub = run_apphub(Containers(host))
    start = ("systemctl", "show", "-P", "InvocationID", "portreeve.service")
    before, agent = host.run("portreeve", "status", check=False).stdout, host.run(*start).stdout

    held(demo(host))

    assert host.run(*start).stdout == agent
    assert host.run("portreeve", "status", check=False).stdout.split()[:3] == before.split()[:3]
    no_trace_in_docker(host, apphub.name)


@pytest.mark.parametrize("signal", [pytest.param("INT", marks=pytest.mark.long), "TERM"])
def test_whatever_ends_it_nothing_is_left(equipped_host: Host, signal: str) -> None:
    host = equipped_host
    before = host.listing(*FOLDERS)
    stop_in_act_two = """
    "$1" --demo --wheelhouse "$2" >/tmp/out 2>&1 &
    demo=$!
    until grep -q '^Act 2' /tmp/out; do kill -0 $demo; sleep 0.02; done
    pkill -$3 -f '[p]ython -m portreeve.demo'
    ! wait $demo
    """
    host.shell(stop_in_act_two, INSTALL, WHEELHOUSE, signal, timeout=240)
    nothing_is_left(host, before)
    no_trace_in_docker(host)


def test_what_a_killed_demo_has_left_is_cleared_by_the_next(equipped_host: Host) -> None:
    host = equipped_host
    before = host.listing(*FOLDERS)
    kill_in_act_three = """
    setsid "$1" --demo --wheelhouse "$2" >/tmp/out 2>&1 &
    until grep -q '^Act 3' /tmp/out; do sleep 0.02; done
    kill -KILL -- -$!
    """
    host.shell(kill_in_act_three, INSTALL, WHEELHOUSE, timeout=240)
    assert "portreeve-demo-app" in Containers(host).docker("ps", "-a").stdout
    held(demo(host, "--wheelhouse", WHEELHOUSE))
    nothing_is_left(host, before)
    no_trace_in_docker(host)


def test_an_act_that_does_not_hold_is_a_failure(equipped_host: Host) -> None:
    host = equipped_host
    host.shell("systemctl stop docker.socket docker.service && systemctl mask docker.service 2>&1")
    host.shell('printf "#!/bin/sh\nexit 1\n" >/usr/local/bin/dockerd; chmod +x /usr/local/bin/dockerd')
    before = host.listing(*FOLDERS)
    failed = demo(host, "--wheelhouse", WHEELHOUSE, check=False)
    assert failed.code == 1
    assert "error: dockerd was not ready" in failed.stderr
    nothing_is_left(host, before)
