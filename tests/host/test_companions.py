"""needrestart and etckeeper watch packages on many servers; the agent is one service of many to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.places import CHECKOUT
from host.lab.run import Run
from host.lab.snapshots import PACKAGE, apt_install
from host.main_job import DEFINITION, DROP_IN, SHIPPED, MainJob, Sampler, begin

COMPANIONS = "/srv/companions"
PYTHON, LIBC = "python3.11-minimal", "libc6"
KEPT = "keeper"
PORT, OTHER = 9000, 9100
UNIT = "portreeve.service"
SECRET = "/etc/app/token"
SLOW = """
[[apply]]
command = ["sh", "-c", "if mkdir /run/slow 2>/dev/null; then sleep 30; fi"]
"""
"""An apply that takes long the first time that it is run, and no time when it is run again."""
LONG_CHECK = """
[[check]]
command = ["sh", "-c", "touch /run/checked; while [ -e /run/checked ]; do sleep 0.1; done"]
"""
"""A check that takes as long as there is a file."""

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def job(lab_run: Run, packaged_snapshot: Snapshot) -> Iterator[MainJob]:
    """One host for all: Cockpit follows AppHub, a container is kept up, both companions are installed."""
    with Host(lab_run, packaged_snapshot, "companions") as host:
        host.shell(
            f"cd {COMPANIONS}; apt-get install -y --no-install-recommends"
            " $(ls ./*.deb | grep -v '/libc6_\\|python3')",
            timeout=120,
        )
        host.copy_in(CHECKOUT / "examples/syncs.d/cockpit.toml", SHIPPED)
        begun = begin(host, PORT)
        begun.apphub.containers.docker("create", "--name", KEPT, "lab/busybox:1")
        host.write(f"/etc/portreeve/containers.d/{KEPT}.toml", f'container = "{KEPT}"\nautostart = true\n')
        host.run("portreeve", "wait", f"container:{KEPT}", "--timeout", "30s")
        host.write("/etc/needrestart/conf.d/automatic.conf", "$nrconf{restart} = 'a';\n")
        # A library that the agent uses came with them in a newer version.
        host.run("systemctl", "restart", UNIT, timeout=60)
        commit(host, "as it was set up")
        yield begun


def agent(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "MainPID", UNIT).stdout.strip()


def started(host: Host) -> str:
    return host.run("docker", "inspect", "--format", "{{.State.StartedAt}}", KEPT, "websoft9-apphub").stdout


def flagged(host: Host) -> bool:
    """Whether needrestart would have the agent restarted."""
    told = host.run("needrestart", "-b", "-r", "l", "-l", timeout=60).stdout
    return f"NEEDRESTART-SVC: {UNIT}" in told


def replace(host: Host, *packages: str) -> None:
    """As an upgrade does: dpkg puts other files in the place of those that run."""
    files = " ".join(f"{COMPANIONS}/{package}_*.deb" for package in packages)
    host.shell(f"apt-get install -y --reinstall {files}", timeout=120)


def redefine(job: MainJob, before: str, step: str) -> str:
    """Add a step to the sync before one that it has, wait until the agent knows; the shipped definition."""
    shipped = job.host.read(DEFINITION)
    changed = shipped.replace(before, f"{step}\n{before}", 1).replace("the port chosen", "a port chosen")
    job.host.write(DEFINITION, changed)
    job.host.wait_until(lambda: "a port chosen" in job.explain(), 20, "the changed definition is read")
    return shipped


def commit(host: Host, why: str) -> str:
    """Commit /etc as etckeeper does after a transaction, if there is something; what it changed."""
    host.run("etckeeper", "commit", why, check=False)
    assert uncommitted(host) == ""
    return host.run("git", "-C", "/etc", "show", "--name-only", "--format=", "HEAD").stdout


def uncommitted(host: Host) -> str:
    return host.run("git", "-C", "/etc", "status", "--porcelain").stdout


def advice() -> str:
    """What the documentation says to ignore."""
    found = re.search(r"```gitignore\n(.+?)```", (CHECKOUT / "docs/installing.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def test_a_replaced_python_and_libc_have_needrestart_restart_the_agent_and_nothing_is_lost(
    job: MainJob,
) -> None:
    host = job.host
    assert not flagged(host)
    before, containers = agent(host), started(host)
    with Sampler(host, PORT) as sampler:
        replace(host, PYTHON, LIBC)
        host.wait_until(lambda: agent(host) != before, 30, "needrestart has restarted the agent")
        job.in_step()
        assert set(sampler.seen()) == {frozenset({PORT})}
    assert started(host) == containers
    assert not flagged(host)


def test_a_restart_by_needrestart_in_the_middle_of_an_apply_loses_nothing(job: MainJob) -> None:
    host = job.host
    containers = started(host)
    shipped = redefine(job, "[[verify]]", SLOW)
    job.apphub.set_port_in_place(OTHER)
    host.wait_until(lambda: host.exists("/run/slow"), 30, "it is applied, and that takes long")
    before = agent(host)
    replace(host, PYTHON)
    assert agent(host) != before
    job.in_step()
    job.listens(OTHER)
    assert started(host) == containers
    host.write(DEFINITION, shipped)
    job.apphub.set_port_in_place(PORT)
    job.listens(PORT)
    job.in_step()


def test_after_an_upgrade_of_the_agent_needrestart_has_nothing_to_say(job: MainJob) -> None:
    host = job.host
    before = agent(host)
    host.run("apt-get", "install", "-y", "--reinstall", PACKAGE, timeout=120)
    assert agent(host) != before
    assert not flagged(host)


def test_a_transaction_and_a_resync_leave_nothing_to_commit(job: MainJob) -> None:
    host = job.host
    commit(host, "what was done before")
    apt_install(host)
    host.run("portreeve", "sync", timeout=130)
    host.run("systemctl", "restart", UNIT, timeout=60)
    host.run("portreeve", "sync", timeout=130)
    assert uncommitted(host) == ""


def test_a_commit_shows_the_value_that_changed_and_its_return_leaves_no_difference(job: MainJob) -> None:
    host = job.host
    commit(host, "at first")
    first = host.run("git", "-C", "/etc", "rev-parse", "HEAD^{tree}").stdout
    job.apphub.set_port_in_place(OTHER)
    job.listens(OTHER)
    job.in_step()
    assert commit(host, "moved").split() == [DROP_IN.removeprefix("/etc/")]
    diff = host.run("git", "-C", "/etc", "show", "--format=", "--unified=0", "HEAD").stdout
    assert [line for line in diff.splitlines() if re.match(r"[-+][^-+]", line)] == [
        f"-ListenStream={PORT}",
        f"+ListenStream={OTHER}",
    ]
    job.apphub.set_port_in_place(PORT)
    job.listens(PORT)
    job.in_step()
    commit(host, "moved back")
    assert host.run("git", "-C", "/etc", "rev-parse", "HEAD^{tree}").stdout == first


def test_a_file_for_its_owner_alone_is_restored_as_one(job: MainJob) -> None:
    host = job.host
    host.write("/etc/portreeve/templates/token.j2", "{{ port }}\n")
    host.write(
        "/etc/portreeve/syncs.d/token.toml",
        '[sources.app]\ncontainer = "websoft9-apphub"\n'
        'volume = "websoft9_apphub_config"\npath = "config.ini"\n'
        '[values]\nport = { source = "app", key = "cockpit.port", type = "port" }\n'
        f'[[targets]]\npath = "{SECRET}"\ntemplate = "token.j2"\nmode = "0600"\n',
    )
    host.wait_until(lambda: host.exists(SECRET), 20, "it is written")
    host.run("portreeve", "wait", "sync:token", "--timeout", "30s")
    commit(host, "a secret")
    assert f"maybe chmod 0600 '{SECRET.removeprefix('/etc/')}'" in host.read("/etc/.etckeeper")
    host.run("chmod", "0644", SECRET)
    host.shell("cd /etc && etckeeper init")
    assert host.run("stat", "-c", "%a", SECRET).stdout.strip() == "600"


def test_what_is_being_written_is_in_no_commit(job: MainJob) -> None:
    host = job.host
    host.append("/etc/.gitignore", advice())
    commit(host, "what not to keep")
    shipped = redefine(job, "[[apply]]", LONG_CHECK)
    job.apphub.set_port_in_place(OTHER)
    host.wait_until(lambda: host.exists("/run/checked"), 30, "it is staged, and the check takes long")
    staged = host.shell("find /etc -name '.*.portreeve-*'").stdout
    assert staged
    commit(host, "in the middle")
    assert "portreeve-new" not in host.run("git", "-C", "/etc", "ls-files").stdout
    host.write(DEFINITION, shipped)
    host.run("systemctl", "kill", "--signal=KILL", UNIT)
    job.in_step(60)
    job.listens(OTHER)
