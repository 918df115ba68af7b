"""`portreeve containers recreate` and `on_unready = "recreate"` on a real host."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from host.keeping import QUICK, Keeping
from host.lab.containers import IMAGE
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.run import Run

KILLED_AFTER = ("0.3", "1.2", "2.4") if os.environ.get("PORTREEVE_TEST_LONG") else ("1.2",)
"""Seconds after a recreation began."""

SERVES_ONCE = (
    "test ! -e /own/made-anew || test -e /tmp/old || exec sleep 600; "
    "mkdir -p /www; exec httpd -f -p 80 -h /www"
)
"""Serves, unless its volume says that the next one shall not; the old one has a file of its own."""

READY = 'ready = { tcp = 80, interval = "0.3s", timeout = "0.5s", failures = 2 }\nstart_timeout = "3s"\n'
REPORT = f'{READY}on_unready = "report"\n{QUICK}'


@pytest.fixture(scope="module")
def keeping(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Keeping]:
    with Host(lab_run, installed_snapshot, "recreate") as host:
        yield Keeping(host)


def make(keeping: Keeping, name: str, *options: str) -> str:
    volume = f"{name}-own:/own"
    return keeping.containers.run(name, "-v", volume, *options, command=("sh", "-c", SERVES_ONCE))


def id_of(keeping: Keeping, name: str) -> str:
    return keeping.containers.inspect(name, "{{.Id}}")


def named(keeping: Keeping, name: str) -> list[str]:
    template = "{{.Names}} {{.State}}"
    shown = keeping.containers.docker("ps", "-a", "--filter", f"name={name}", "--format", template).stdout
    return sorted(shown.splitlines())


def break_the_next(keeping: Keeping, name: str) -> None:
    keeping.containers.docker("exec", name, "sh", "-c", ": >/own/made-anew; : >/tmp/old")


def test_a_dry_run_tells_and_a_real_one_does_it(keeping: Keeping) -> None:
    run = keeping.host.run
    old = make(keeping, "shop")
    keeping.declare("shop", REPORT)
    keeping.becomes("shop", "ready")
    dry = run("portreeve", "containers", "recreate", "shop", "--dry-run")
    assert "volume shop-own at /own is kept" in dry.stdout
    assert "the old one is put back if the new one does not become ready" in dry.stdout
    unasked = run("portreeve", "containers", "recreate", "shop", check=False)
    assert unasked.code == 5
    assert id_of(keeping, "shop") == old
    done = run("portreeve", "containers", "recreate", "shop", "--yes", check=False)
    assert done.code == 0, done.stdout
    assert id_of(keeping, "shop") != old
    assert named(keeping, "shop") == ["shop running"]


def test_when_the_new_one_does_not_become_ready_the_old_one_is_back_and_it_is_told(keeping: Keeping) -> None:
    old = make(keeping, "bank")
    keeping.declare("bank", REPORT)
    keeping.becomes("bank", "ready")
    break_the_next(keeping, "bank")
    tried = keeping.host.run(
        "portreeve", "containers", "recreate", "bank", "--yes", "--timeout", "30s", check=False
    )
    assert tried.code == 1, tried.stdout
    assert "the new bank did not become ready" in tried.stderr
    assert id_of(keeping, "bank") == old
    assert named(keeping, "bank") == ["bank running"]
    journal = keeping.host.run("journalctl", "-u", "portreeve", "-o", "cat").stdout
    assert "container bank was recreated, and the new one is unready" in journal


def test_one_that_removes_itself_is_recreated_as_its_equal(keeping: Keeping) -> None:
    old = make(keeping, "brief", "--rm", "--label=of=us")
    keeping.host.write(
        "/etc/portreeve/containers.d/brief.toml", f'label = "of=us"\nautostart = true\n{REPORT}'
    )
    keeping.becomes("brief", "ready")
    dry = keeping.host.run("portreeve", "containers", "recreate", "brief", "--dry-run").stdout
    assert "it removes itself when it ends (--rm): the old one is gone, and cannot be put back" in dry
    done = keeping.host.run("portreeve", "containers", "recreate", "brief", "--yes", check=False)
    assert done.code == 0, done.stdout
    assert id_of(keeping, "brief") != old
    assert keeping.containers.inspect("brief", "{{.HostConfig.AutoRemove}}") == "true"


def test_what_runs_and_does_not_serve_is_recreated_where_its_definition_says_so(keeping: Keeping) -> None:
    compose = ("--label=com.docker.compose.project=mall", "--label=com.docker.compose.service=till")
    script = "test -e /tmp/broken && exec sleep 600; mkdir -p /www; exec httpd -f -p 80 -h /www"
    old = keeping.containers.docker(
        "run", "-d", "--name=mall-till-1", *compose, IMAGE, "sh", "-c", script
    ).stdout.strip()
    keeping.host.write(
        "/etc/portreeve/containers.d/till.toml",
        f'compose = {{ project = "mall", service = "till" }}\nautostart = true\n{READY}{QUICK}'
        'on_unready = "recreate"\n',
    )
    keeping.becomes("till", "ready")
    keeping.containers.docker("exec", "mall-till-1", "sh", "-c", ": >/tmp/broken")
    keeping.containers.docker("restart", "-t", "1", "mall-till-1")
    keeping.host.wait_until(
        lambda: keeping.status("till")["container_id"] not in ("", old[:12]), 30, "till was recreated"
    )
    keeping.becomes("till", "ready")
    assert named(keeping, "mall-till") == ["mall-till-1 running"]


def test_an_agent_that_is_killed_in_the_middle_leaves_exactly_one_that_is_up(keeping: Keeping) -> None:
    host = keeping.host
    make(keeping, "shift", "--stop-timeout=2")
    keeping.declare("shift", REPORT)
    keeping.becomes("shift", "ready")
    for wait in KILLED_AFTER:
        host.shell(
            "timeout 20 portreeve containers recreate shift --yes >/dev/null 2>&1 & sleep $1;"
            " systemctl kill --kill-who=main --signal=SIGKILL portreeve.service; wait || true",
            wait,
        )
        keeping.until("shift", lambda status: status["state"] == "ready", 30, "ready again")
        keeping.host.wait_until(lambda: named(keeping, "shift") == ["shift running"], 15, "there is one")
