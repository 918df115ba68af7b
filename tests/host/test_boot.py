"""A boot with Docker, Cockpit and portreeve enabled: no cycle, nothing failed, the chosen port at once."""

from __future__ import annotations

from host.lab.machine import Host
from host.main_job import any_sync, begin


def test_cockpit_is_on_the_chosen_port_from_its_first_listen(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    host.reboot()
    job.in_step()
    messages = [str(entry.get("MESSAGE", "")) for entry in host.journal(boot=0)]
    assert not [text for text in messages if "ordering cycle" in text.lower()]
    assert host.run("systemctl", "--failed", "--no-legend", "--plain").stdout == ""
    listens = [text for text in messages if text.startswith("Listening on cockpit.socket")]
    assert len(listens) == 1, "it listened once, and nobody had to restart it"
    assert host.http_status(9000) == 200
    assert not host.is_listening(9090)


def test_after_a_power_cut_it_is_the_same(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    host.power_cut()
    job.in_step()
    assert host.http_status(9000) == 200
    assert not host.is_listening(9090)


def test_every_generated_unit_is_verified(installed_host: Host) -> None:
    host = installed_host
    begin(host, 9000)
    host.write("/etc/systemd/system/app.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    host.write(
        "/etc/portreeve/services.d/app.toml", 'unit = "app.service"\nrequires = ["docker", "sync:cockpit"]\n'
    )
    host.run("portreeve", "units", "install")
    host.run("portreeve", "units", "verify")
    for unit in ("portreeve.service", "portreeve-sync@cockpit.service", "app.service", "cockpit.socket"):
        host.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)


def test_a_consumer_starts_once_its_sync_is_in_step(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    host.write(
        "/etc/systemd/system/app.service",
        "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
    )
    host.write("/etc/portreeve/services.d/app.toml", 'unit = "app.service"\nrequires = ["sync:cockpit"]\n')
    host.run("portreeve", "units", "install")
    host.run("systemctl", "enable", "app.service")
    job.apphub.rm()
    job.apphub.set_port_in_place(9443)
    host.poweroff()
    # The consumer's job waits for the container and keeps `is-system-running` at "starting".
    host.start()
    host.wait_until(lambda: any_sync(host), 30, "the agent is up")
    job.reason("container-absent", timeout=40)
    assert host.run("systemctl", "is-active", "app.service", check=False).stdout.strip() == "inactive"
    assert host.run("systemctl", "is-active", "portreeve.service").stdout.strip() == "active"
    job.apphub.create()
    host.wait_until(
        lambda: host.run("systemctl", "is-active", "app.service", check=False).stdout.strip() == "active",
        15,
        "the consumer is started",
    )
    assert host.is_listening(9443)
