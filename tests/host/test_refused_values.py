"""A value that would not work leaves the old configuration in force, and says why."""

from __future__ import annotations

import threading

from host.lab.machine import Host
from host.main_job import DROP_IN, begin, counted, declare

HOLD = "import socket,time; s=socket.create_server(('', 9443)); time.sleep(3600)"


def test_a_port_that_another_process_holds_is_waited_for(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    drop_in = host.read(DROP_IN)
    host.run("systemd-run", "--quiet", "--unit=squatter", "python3", "-c", HOLD)
    host.wait_until(lambda: host.is_listening(9443), 10, "the port is held")
    job.apphub.set_port_in_place(9443)

    status = job.reason("port-held")
    assert status["state"] == "failed"
    assert "python3" in status["trouble"]["evidence"]
    assert "squatter.service" in status["trouble"]["evidence"]
    assert "squatter.service" in job.explain()
    assert host.read(DROP_IN) == drop_in
    assert host.http_status(9000) == 200

    host.run("systemctl", "stop", "squatter")
    job.listens(9443, timeout=15)


BROKEN_TEMPLATE = """# {{ sync }}
[Socket]
ListenStream=
# An address that this host does not have: systemd accepts the text, and cannot listen there.
ListenStream=203.0.113.7:{{ port }}
"""


def test_a_service_that_does_not_come_up_gets_the_last_good_files_back(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    drop_in = host.read(DROP_IN)

    def break_it() -> None:
        host.write("/etc/portreeve/templates/cockpit-listen.conf.j2", BROKEN_TEMPLATE)
        job.reason("unit-job-failed", timeout=30)
        # Long enough for a tight loop to show.
        threading.Event().wait(8)

    actions = counted(host, break_it)
    assert host.read(DROP_IN) == drop_in
    assert host.http_status(9000) == 200
    assert actions.daemon_reloads == 2, "once for the new files, once for the old ones"
    assert actions.socket_restarts == 1, "only the good configuration came up"
    history = host.run("portreeve", "history", "cockpit").stdout
    assert "restored" in history
    assert "verified" in history
    status = job.status()
    assert status["state"] == "failed"
    assert status["next_try"] is not None

    host.run("rm", "/etc/portreeve/templates/cockpit-listen.conf.j2")
    job.in_step()
    job.apphub.set_port_in_place(9443)
    job.listens(9443)


def only_where_it_was(definition: str) -> str:
    """Wants Cockpit on 9000 whatever the port is, as a firewall would."""
    changed = definition.replace(
        'listening = "{{ port }}"\ntimeout = "15s"', 'listening = "9000"\ntimeout = "3s"'
    )
    assert changed != definition
    return changed


def test_a_probe_that_fails_restores_as_well(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000, only_where_it_was)
    drop_in = host.read(DROP_IN)
    job.apphub.set_port_in_place(9443)
    status = job.reason("verify-failed", timeout=30)
    assert "9000" in status["trouble"]["what"]
    assert host.read(DROP_IN) == drop_in
    host.wait_until(lambda: host.http_status(9000) == 200, 10, "Cockpit answers where it did")
    assert not host.is_listening(9443)


def test_a_changed_proof_is_asked_for_at_once(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9443)
    declare(host, only_where_it_was)
    assert job.reason("verify-failed", timeout=30)["state"] == "failed"
    declare(host)
    job.in_step()


def test_a_rollback_holds_and_a_sync_lets_go(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    job.apphub.set_port_in_place(9443)
    job.listens(9443)
    host.run("portreeve", "rollback", "cockpit")
    job.listens(9000)
    assert job.status()["state"] == "held"
    job.apphub.set_port_in_place(9555)
    host.run("portreeve", "sync", "cockpit")
    job.listens(9555)
