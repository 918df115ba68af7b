"""Actions in containers that do not run: owed, and carried out when they run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.dockerd import FakeContainer, FakeDockerd, FakeExec, Mode, bind, frame
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.steps import Command, Exec, Restart, Signal, UnitActive
from portreeve.errors import Reason
from portreeve.reconcile.record import dump_record, load_record
from portreeve.reconcile.status import State, SyncStatus
from unit.reconcile.host import UNIT, Host

PROXY = ContainerRef(name="proxy")
RELOAD = Exec(PROXY, ("nginx", "-s", "reload"))


@pytest.fixture
def dockerd(host: Host) -> Iterator[FakeDockerd]:
    with FakeDockerd(host.docker_socket) as fake:
        yield fake


@pytest.fixture
def proxy(host: Host, dockerd: FakeDockerd) -> FakeContainer:
    """A proxy that is to reload before the unit restarts."""
    made = FakeContainer("proxy")
    dockerd.containers = [made]
    host.sync = replace(host.sync, apply=(RELOAD, Restart(UNIT)))
    host.declare(host.sync)
    return made


def ago(seconds: float) -> str:
    """A moment as Docker writes it, to the nanosecond."""
    return f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%f}123Z"


def why(status: SyncStatus) -> tuple[State, Reason | None]:
    return status.state, status.trouble.reason if status.trouble else None


def test_an_action_is_carried_out_in_a_container_that_runs(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    assert dockerd.commands == [list(RELOAD.command)]
    host.look()
    assert len(dockerd.commands) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("created", Reason.CONTAINER_NOT_RUNNING),
        ("exited", Reason.CONTAINER_NOT_RUNNING),
        ("paused", Reason.CONTAINER_PAUSED),
        ("restarting", Reason.CONTAINER_RESTARTING),
    ],
)
def test_an_action_is_owed_while_its_container_does_not_run_and_the_others_go_on(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer, status: str, reason: Reason
) -> None:
    proxy.status = status
    host.choose(9000)
    assert why(host.look()) == (State.WAITING, reason)
    assert (host.restarts, host.outcomes) == (1, [(0, "baseline"), (1, "verified")])
    assert host.record.owed == (0,)
    assert dockerd.commands == []


def test_an_action_is_owed_while_its_container_does_not_exist(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    dockerd.containers = []
    host.choose(9000)
    assert why(host.look()) == (State.WAITING, Reason.CONTAINER_ABSENT)
    assert host.restarts == 1


def test_an_action_is_owed_while_docker_is_away(
    host: Host, proxy: FakeContainer, dockerd: FakeDockerd
) -> None:
    dockerd.mode = Mode.ERROR
    host.choose(9000)
    assert why(host.look()) == (State.WAITING, Reason.DOCKER_ERROR)
    assert host.restarts == 1


def test_what_is_owed_is_named(host: Host, proxy: FakeContainer) -> None:
    proxy.status = "exited"
    host.choose(9000)
    trouble = host.look().trouble
    assert trouble is not None
    assert trouble.what == "exec nginx -s reload in proxy is owed"
    assert "its state is exited" in trouble.evidence


def test_what_is_owed_is_done_once_when_the_container_runs(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    proxy.status = "running"
    assert host.look().state is State.IN_STEP
    host.look()
    assert len(dockerd.commands) == 1
    assert host.restarts == 1, "what was done already is not done again"
    assert (host.record.owed, host.record.owing) == ((), None)


def test_what_is_owed_outlives_the_agent(host: Host, dockerd: FakeDockerd, proxy: FakeContainer) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    host.restart_agent()
    proxy.status = "running"
    assert host.look().state is State.IN_STEP
    assert len(dockerd.commands) == 1


def test_what_is_owed_is_done_although_the_source_is_away(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    host.source.unlink()
    proxy.status = "running"
    assert why(host.look()) == (State.WAITING, Reason.FILE_ABSENT)
    assert len(dockerd.commands) == 1


def test_newer_content_replaces_what_is_owed(host: Host, dockerd: FakeDockerd, proxy: FakeContainer) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    host.declare(replace(host.sync, apply=(Signal(PROXY, "HUP"), Restart(UNIT))))
    host.look()
    proxy.status = "running"
    assert host.look().state is State.IN_STEP
    assert (dockerd.commands, dockerd.signals) == ([], [("proxy", "HUP")])


def test_content_that_a_program_in_the_container_refuses_is_taken_back(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    dockerd.exec = FakeExec(frame(2, b"nginx: [emerg] no such host\n"), exit_code=1)
    host.choose(9443)
    status = host.look()
    assert why(status) == (State.FAILED, Reason.ACTION_FAILED)
    assert host.target.read_text() == "listen 9000\n"


def test_content_is_not_taken_back_for_a_container_that_has_just_started(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    # In a minute, since a host under load may stand still for a while.
    proxy.started_at = ago(-60)
    dockerd.exec = FakeExec(frame(2, b"nginx: no pid yet\n"), exit_code=1)
    host.choose(9443)
    assert why(host.look()) == (State.FAILED, Reason.ACTION_FAILED)
    assert host.target.read_text() == "listen 9443\n"
    dockerd.exec = FakeExec()
    assert host.look().state is State.IN_STEP


def test_what_was_owed_and_does_not_succeed_is_tried_again_and_the_content_stays(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.choose(9443)
    host.look()
    proxy.status = "running"
    proxy.started_at = ago(20)
    dockerd.exec = FakeExec(frame(2, b"nginx: no pid yet\n"), exit_code=1)
    status = host.look()
    assert why(status) == (State.FAILED, Reason.ACTION_FAILED)
    assert status.next_try is not None
    assert status.next_try <= host.now + 1
    assert host.target.read_text() == "listen 9443\n"
    dockerd.exec = FakeExec()
    assert host.look().state is State.IN_STEP


def test_content_that_is_refused_by_what_was_owed_is_taken_back(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.choose(9443)
    host.look()
    proxy.status = "running"
    proxy.started_at = ago(90)
    dockerd.exec = FakeExec(frame(2, b"nginx: [emerg] no such host\n"), exit_code=1)
    assert why(host.look()) == (State.FAILED, Reason.ACTION_FAILED)
    assert host.target.read_text() == "listen 9000\n"
    dockerd.exec = FakeExec()
    host.choose(9100)
    assert host.look().state is State.IN_STEP
    assert host.target.read_text() == "listen 9100\n"


def test_what_was_there_before_portreeve_is_not_taken_back_for_what_it_owes(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.reconciler.hold("app", 0)
    host.look()
    proxy.status = "running"
    proxy.started_at = ago(90)
    dockerd.exec = FakeExec(frame(2, b"nginx: [emerg] no such host\n"), exit_code=1)
    host.look()
    assert not host.target.exists()


def test_a_program_that_the_container_has_not_is_owed(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    dockerd.exec = FakeExec(exit_code=127)
    host.choose(9000)
    assert why(host.look()) == (State.WAITING, Reason.PROGRAM_ABSENT)


def test_content_whose_proof_fails_while_an_action_is_owed_is_not_taken_back(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.unit.active_state = "failed"
    host.choose(9443)
    status = host.look()
    assert why(status) == (State.WAITING, Reason.CONTAINER_NOT_RUNNING)
    assert host.target.read_text() == "listen 9443\n"
    proxy.status, host.unit.active_state = "running", "active"
    assert host.look().state is State.IN_STEP
    assert (len(dockerd.commands), host.restarts) == (2, 2)


def test_content_whose_proof_fails_after_all_is_taken_back(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.unit.active_state = "failed"
    host.choose(9443)
    host.look()
    proxy.status = "running"
    assert host.look().state is State.FAILED
    assert host.target.read_text() == "listen 9000\n"


def test_good_content_is_not_applied_again_for_a_proof_that_fails_while_an_action_is_owed(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    host.unit.active_state = "failed"
    host.restart_agent()
    assert why(host.look()) == (State.WAITING, Reason.CONTAINER_NOT_RUNNING)
    assert host.restarts == 1


def test_an_action_is_owed_also_for_what_was_there_before_portreeve(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    proxy.status = "exited"
    host.reconciler.hold("app", 0)
    assert why(host.look()) == (State.WAITING, Reason.CONTAINER_NOT_RUNNING)
    assert not host.target.exists()
    proxy.status = "running"
    assert host.look().state is State.HELD
    assert len(dockerd.commands) == 2


def test_a_record_of_a_version_that_owed_nothing_is_read(host: Host) -> None:
    host.bring_in_step(9000)
    data = json.loads(dump_record(host.record))
    del data["owed"], data["owing"]
    assert load_record("app", json.dumps(data)) == host.record


def test_a_proof_by_a_program_in_a_container_waits_for_it(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    host.declare(replace(host.sync, apply=(), verify=(Command(("curl",), PROXY), UnitActive(UNIT))))
    host.choose(9000)
    assert why(host.look()) == (State.WAITING, Reason.CONTAINER_NOT_RUNNING)
    proxy.status = "running"
    assert host.look().state is State.IN_STEP
    assert dockerd.commands == [["curl"]]


def test_a_check_in_a_container_names_the_staged_files_as_the_container_sees_them(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.mounts = [bind(host.target.parent, "/etc/nginx/conf.d")]
    named = f"{{{{ staged_files['{host.target}'] }}}}"
    host.declare(replace(host.sync, check=(Command(("nginx", "-t", "-c", "{{ staged }}", named), PROXY),)))
    host.bring_in_step(9000)
    *_, first, second = dockerd.commands[0]
    assert first == second
    assert first.startswith("/etc/nginx/conf.d/")


def test_a_check_in_a_container_that_does_not_see_the_target_says_so(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.declare(replace(host.sync, check=(Command(("nginx", "-t", "-c", "{{ staged }}"), PROXY),)))
    host.choose(9000)
    status = host.look()
    assert why(status) == (State.WAITING, Reason.MOUNT_ABSENT)
    assert status.trouble is not None
    assert status.trouble.what == f"container proxy does not see {host.target}"
    assert not host.target.exists()


def test_a_check_in_a_container_that_refuses_leaves_what_is_in_force(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    host.bring_in_step(9000)
    host.declare(replace(host.sync, check=(Command(("nginx", "-t"), PROXY),)))
    dockerd.exec = FakeExec(frame(2, b"nginx: test failed\n"), exit_code=1)
    host.choose(9443)
    assert why(host.look()) == (State.FAILED, Reason.CHECK_FAILED)
    assert host.target.read_text() == "listen 9000\n"


def test_what_is_owed_is_done_while_an_administrator_edits_the_files(
    host: Host, dockerd: FakeDockerd, proxy: FakeContainer
) -> None:
    proxy.status = "exited"
    host.choose(9000)
    host.look()
    host.reconciler.leave_alone("app")
    host.target.write_text("edited\n")
    assert why(host.look()) == (State.WAITING, Reason.CONTAINER_NOT_RUNNING)
    proxy.status = "running"
    assert host.look().state is State.HELD
    assert dockerd.commands == [list(RELOAD.command)]
    assert host.target.read_text() == "edited\n"
