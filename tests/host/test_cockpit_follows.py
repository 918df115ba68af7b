"""Cockpit follows the port chosen in a container (real Cockpit, real vendor socket, real Docker)."""

from __future__ import annotations

from host.lab.containers import Containers
from host.lab.machine import Host
from host.main_job import DROP_IN, Actions, begin, counted

ONCE = Actions(daemon_reloads=1, socket_restarts=1)
NEVER = Actions(daemon_reloads=0, socket_restarts=0)


def test_cockpit_moves_to_the_chosen_port_by_a_drop_in(installed_host: Host) -> None:
    host = installed_host
    vendor = host.listing("/usr/lib/systemd", "/usr/lib/cockpit", "/usr/share/cockpit")
    assert host.is_listening(9090)
    job = begin(host, 9000)
    job.listens(9000)
    assert not host.is_listening(9090)
    assert "ListenStream=9000" in host.read(DROP_IN)
    assert host.listing("/usr/lib/systemd", "/usr/lib/cockpit", "/usr/share/cockpit") == vendor


def test_an_in_place_write_and_an_atomic_replace_are_followed_with_one_reload_and_one_restart_each(
    installed_host: Host,
) -> None:
    host = installed_host
    job = begin(host, 9000)

    def in_place() -> None:
        job.apphub.set_port_in_place(9443)
        job.listens(9443)
        job.in_step()

    def atomic() -> None:
        job.apphub.set_port_atomic(9444)
        job.listens(9444)
        job.in_step()

    assert counted(host, in_place) == ONCE
    assert not host.is_listening(9000)
    assert counted(host, atomic) == ONCE
    assert not host.is_listening(9443)


def test_the_same_value_or_another_key_is_no_reload_and_no_restart(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    runs = job.status()["runs"]

    def rewrite() -> None:
        job.apphub.set_port_in_place(9000)
        job.apphub.set_port_atomic(9000)
        other = job.apphub.config(9000).replace("listen_port", "listen_port_of_another_age")
        host.write(job.apphub.config_path, other)
        host.wait_until(lambda: job.status()["runs"] > runs, 10, "the agent looked")
        host.run("portreeve", "sync", "cockpit")

    before = host.run("stat", "-c", "%i %Y", DROP_IN).stdout
    assert counted(host, rewrite) == NEVER
    assert host.run("stat", "-c", "%i %Y", DROP_IN).stdout == before


def test_the_command_of_apphub_inside_the_container_is_followed(installed_host: Host) -> None:
    job = begin(installed_host, 9000)
    job.apphub.setconfig("cockpit", "port", "9555")
    job.listens(9555)


def test_a_tampered_and_a_deleted_drop_in_are_put_right(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    wanted = host.read(DROP_IN)
    host.write(DROP_IN, "[Socket]\nListenStream=\nListenStream=9999\n")
    host.wait_until(lambda: host.exists(DROP_IN) and host.read(DROP_IN) == wanted, 10, "put right")
    host.run("rm", DROP_IN)
    host.wait_until(lambda: host.exists(DROP_IN) and host.read(DROP_IN) == wanted, 10, "put back")
    job.listens(9000)


def test_a_truncated_source_changes_nothing(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    wanted = host.read(DROP_IN)
    host.write(job.apphub.config_path, "")
    job.reason("key-absent")
    assert host.read(DROP_IN) == wanted
    assert host.http_status(9000) == 200
    job.apphub.set_port_in_place(9100)
    job.listens(9100)


def test_a_recreated_container_is_followed(installed_host: Host) -> None:
    job = begin(installed_host, 9000)
    old = job.apphub.id
    job.apphub.recreate()
    assert job.apphub.id != old
    job.apphub.set_port_in_place(9200)
    job.listens(9200)


def test_a_volume_that_was_removed_and_made_anew_is_followed(installed_host: Host) -> None:
    host = installed_host
    job = begin(host, 9000)
    job.apphub.rm()
    Containers(host).docker("volume", "rm", job.apphub.volume)
    job.reason("container-absent")
    assert host.http_status(9000) == 200
    Containers(host).docker("volume", "create", job.apphub.volume)
    host.write(job.apphub.config_path, job.apphub.config(9300))
    job.apphub.create()
    job.listens(9300)


def test_the_same_on_debian_13(trixie_installed_host: Host) -> None:
    host = trixie_installed_host
    job = begin(host, 9000)
    job.listens(9000)
    assert not host.is_listening(9090)

    def change() -> None:
        job.apphub.set_port_in_place(9443)
        job.listens(9443)
        job.in_step()

    assert counted(host, change) == ONCE
