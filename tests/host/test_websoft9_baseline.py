"""Websoft9's host service as it was, in the harness of test_websoft9: it loses the port in S2, S3 and S4.

Its logic was written afresh (tests/host/websoft9/baseline). What it is judged by here is what the profile is
judged by there.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from host.lab.errors import DeadlineError
from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.run import Run
from host.main_job import counted
from host.websoft9.cockpit_conf import install_cockpit_conf
from host.websoft9.old_service import follows, install_old_service, waits_for_an_event
from host.websoft9.stack import APPHUB, PROXY, Stack

IN_STEP_WITHIN = 5.0
READY_AFTER = 8.0
"""Seconds from the start of AppHub's container until its command works: longer than the service's start."""


@pytest.fixture(scope="module")
def stack(lab_run: Run, plain_snapshot: Snapshot) -> Iterator[Stack]:
    with Host(lab_run, plain_snapshot, "baseline") as host:
        install_cockpit_conf(host)
        stack = Stack(host)
        stack.build()
        stack.up(apphub_delay=READY_AFTER)
        host.wait_until(stack.apphub_is_ready, READY_AFTER + 10, "AppHub is ready")
        install_old_service(host)
        yield stack


def begin(stack: Stack, port: int) -> None:
    """Bring it to rest with this port; it may have to be helped."""
    host = stack.host
    host.wait_until(stack.apphub_is_ready, READY_AFTER + 10, "AppHub is ready")
    stack.choose_port(port)
    host.run("systemctl", "reset-failed", "websoft9.service", check=False)
    host.run("systemctl", "restart", "websoft9.service")
    host.wait_until(lambda: follows(host, stack, port), 20, f"it follows to {port}")
    host.wait_until(lambda: waits_for_an_event(host), 10, "it is at rest")


def loses(stack: Stack, port: int) -> None:
    """It is at rest, and Cockpit is not where it was chosen to be, nor in the time that portreeve has."""
    host = stack.host
    host.wait_until(lambda: waits_for_an_event(host), 20, "it is at rest")
    with pytest.raises(DeadlineError):
        host.wait_until(lambda: follows(host, stack, port), IN_STEP_WITHIN, f"it follows to {port}")
    assert waits_for_an_event(host), "it would have done more"


def test_it_follows_a_choice(stack: Stack) -> None:
    begin(stack, 9091)
    stack.choose_port(9443)
    stack.host.wait_until(lambda: follows(stack.host, stack, 9443), 10, "it follows to 9443")


@pytest.mark.long
def test_s2_an_upgrade_of_cockpit_brings_back_the_vendors_port(stack: Stack) -> None:
    begin(stack, 9443)
    install_package(stack.host, cockpit_package(stack.host))
    loses(stack, 9443)
    assert stack.host.is_listening(9090)
    assert not stack.host.is_listening(9443)


def test_s3_containers_that_come_back_slowly_lose_cockpit(stack: Stack) -> None:
    begin(stack, 9443)
    stack.down()
    stack.up(apphub_delay=READY_AFTER)
    stack.host.wait_until(stack.apphub_is_ready, READY_AFTER + 10, "AppHub is ready")
    assert stack.chosen_port() == 9443
    loses(stack, 9443)
    assert stack.through_proxy() == 502


@pytest.mark.long
def test_s4_a_proxy_that_restarts_with_apphub_loses_cockpit(stack: Stack) -> None:
    begin(stack, 9443)
    stack.restart(APPHUB, PROXY)
    stack.host.wait_until(stack.apphub_is_ready, READY_AFTER + 10, "AppHub is ready")
    loses(stack, 9443)
    assert stack.through_proxy() == 502


def test_s4_a_proxy_that_restarts_alone_costs_everybody_their_session(stack: Stack) -> None:
    begin(stack, 9443)

    def restart() -> None:
        stack.restart(PROXY)
        stack.host.wait_until(lambda: follows(stack.host, stack, 9443), 20, "it follows to 9443")

    assert counted(stack.host, restart).socket_restarts > 0
