"""What keeps ending is restarted within its budget, then left alone and told once; `reset` brings it back."""

from __future__ import annotations

import pytest

from host.keeping import GAVE_UP, Keeping
from host.lab.machine import Host

MOST = 3
BUDGET = f'restart = {{ max = {MOST}, backoff = ["200ms", "1s"] }}\n'
CRASH = (
    "sh",
    "-c",
    "echo start >>/srv/runs; if test -e /srv/good; then exec sleep 3600; fi; echo no database; exit 3",
)


@pytest.fixture
def keeping(installed_host: Host) -> Keeping:
    keeping = Keeping(installed_host)
    keeping.settings()
    return keeping


def crashing(keeping: Keeping, name: str, policy: str) -> None:
    """A container that ends with 3 until /srv/NAME/good exists."""
    keeping.host.run("mkdir", "-p", f"/srv/{name}")
    options = (f"--restart={policy}", "--network=none", "-v", f"/srv/{name}:/srv")
    keeping.create(name, *options, command=CRASH)
    keeping.declare(name, BUDGET)


def runs(keeping: Keeping, name: str) -> int:
    """How often it was started, by whomever."""
    return len(keeping.host.read(f"/srv/{name}/runs").splitlines())


def given_up(keeping: Keeping, name: str) -> None:
    """It is down, and stays so."""
    keeping.until(name, lambda status: status["gave_up"] and status["state"] == "exited", 40, "given up")
    assert keeping.containers.state(name) == "exited"


def nothing(_: Keeping) -> None:
    """The agent runs on."""


def kill_the_agent(keeping: Keeping) -> None:
    before = keeping.main_pid()
    keeping.host.run("systemctl", "kill", "-s", "KILL", "portreeve")
    keeping.host.wait_until(lambda: keeping.main_pid() not in ("0", before), 30, "the agent is back")


def reboot(keeping: Keeping) -> None:
    keeping.host.reboot()


def looked_at_again(keeping: Keeping, name: str) -> None:
    keeping.until(name, lambda status: status["runs"] and status["state"] == "exited", 30, "looked at again")


@pytest.mark.timeout(240)
def test_a_crash_loop_is_stopped_after_its_budget_and_reset_brings_it_back(keeping: Keeping) -> None:
    policies = {"crash-no": "no", "crash-always": "always"}
    for name, policy in policies.items():
        crashing(keeping, name, policy)
    for name in policies:
        given_up(keeping, name)
    started = {name: runs(keeping, name) for name in policies}
    assert started["crash-no"] == 1 + MOST
    # Docker is stopped once it has restarted it too often, and may be at it again by then.
    assert 1 + MOST <= started["crash-always"] <= 4 + MOST
    for name in policies:
        told = keeping.explain(name)
        print(told)
        assert f"its budget of {MOST} restarts within 10m is spent, and it is left alone" in told
        assert "exit code 3" in told
        assert "no database" in told
        assert f"portreeve containers reset {name}" in told
    for meanwhile in (nothing, kill_the_agent, reboot):
        meanwhile(keeping)
        for name in policies:
            looked_at_again(keeping, name)
            assert keeping.status(name)["gave_up"]
    for name in policies:
        # At its own start Docker follows `always` also of what was stopped; it is stopped again.
        again = runs(keeping, name) - started[name]
        print(f"{name} was started {again} times more by a boot")
        assert again == 0 if name == "crash-no" else again <= 8
        assert len(keeping.alerts(name, "gave-up")) == len(keeping.in_journal(name, GAVE_UP)) == 1
        keeping.host.write(f"/srv/{name}/good", "")
    began = {name: runs(keeping, name) for name in policies}
    keeping.host.run("portreeve", "containers", "reset", *policies, "--timeout", "20s")
    for name in policies:
        assert keeping.status(name)["state"] == "ready"
        assert runs(keeping, name) == began[name] + 1


@pytest.mark.timeout(240)
def test_what_was_spent_before_the_agent_or_the_host_ended_counts_after_it(keeping: Keeping) -> None:
    for meanwhile in (kill_the_agent, reboot):
        name = meanwhile.__name__.replace("_", "-")
        crashing(keeping, name, "no")
        keeping.until(name, lambda status: status["restarts"] >= 2, 20, "two restarts are spent")
        meanwhile(keeping)
        given_up(keeping, name)
        # The boot itself starts it once without counting: it did not crash, the host went down.
        assert runs(keeping, name) <= 1 + MOST + (meanwhile is reboot)


@pytest.mark.timeout(120)
def test_one_that_hangs_at_each_start_is_given_up_too(keeping: Keeping) -> None:
    keeping.create("hangs", "--network=none")
    slow = 'ready = { file = "/never", interval = "500ms" }\nstart_timeout = "2s"\nstop_timeout = "1s"\n'
    window = 'restart = { max = 2, window = "6s", backoff = ["200ms", "400ms"] }\n'
    keeping.declare("hangs", slow + window)
    status = keeping.until("hangs", lambda status: status["gave_up"], 40, "given up")
    assert status["state"] == "unready"
    assert status["trouble"]["reason"] == "restart-budget-spent"
