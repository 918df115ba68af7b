"""A sync that is proved by a container being ready."""

from dataclasses import replace

from portreeve.definitions.steps import ContainerReady
from portreeve.errors import Reason
from portreeve.reconcile.status import State
from unit.reconcile.host import Host


def prove_by_container(host: Host) -> None:
    host.sync = replace(host.sync, verify=(ContainerReady("db", timeout=0.02),))
    host.declare(host.sync)


def test_it_is_in_step_when_the_container_is_ready(host: Host) -> None:
    prove_by_container(host)
    host.bring_in_step(9000)


def test_new_content_is_taken_back_when_the_container_does_not_become_ready(host: Host) -> None:
    prove_by_container(host)
    host.bring_in_step(9000)
    host.not_ready["db"] = "port 5432 is closed"
    host.choose(9443)
    status = host.look()
    assert status.trouble is not None
    assert status.trouble.reason is Reason.VERIFY_FAILED
    assert host.target.read_text() == "listen 9000\n"


def test_what_is_lost_later_is_applied_again_at_the_next_resync(host: Host) -> None:
    prove_by_container(host)
    host.bring_in_step(9000)
    restarts = host.restarts
    host.not_ready["db"] = "port 5432 is closed"
    host.pass_time(host.settings.resync)
    status = host.look()
    assert status.state is not State.IN_STEP
    assert host.restarts > restarts
