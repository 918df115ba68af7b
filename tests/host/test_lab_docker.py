"""The lab's containers and its Docker in trouble do what the other host tests take for granted."""

from __future__ import annotations

import signal

import pytest

from host.lab.bare import BareRoot
from host.lab.containers import Containers, run_apphub
from host.lab.faults import PrivateDocker, hung_socket
from host.lab.machine import Host


def test_apphub_changes_its_port_from_inside_and_outside(host: Host) -> None:
    apphub = run_apphub(Containers(host))
    assert apphub.config_path == "/var/lib/docker/volumes/websoft9_apphub_config/_data/config.ini"
    inode = host.run("stat", "-c", "%i", apphub.config_path).stdout

    assert apphub.setconfig("cockpit", "port", "9123").code == 0
    assert host.read(apphub.config_path) == apphub.config(9123)
    assert apphub.setconfig("cockpit", "no-such-key", "1").code == 1
    apphub.set_port_in_place(9124)
    assert host.read(apphub.config_path) == apphub.config(9124)
    assert host.run("stat", "-c", "%i", apphub.config_path).stdout == inode
    apphub.set_port_atomic(9125)
    assert host.read(apphub.config_path) == apphub.config(9125)
    assert host.run("stat", "-c", "%i", apphub.config_path).stdout != inode


def test_a_recreated_container_keeps_the_volume(host: Host) -> None:
    apphub = run_apphub(Containers(host))
    old = apphub.id
    apphub.set_port_in_place(9123)
    assert apphub.recreate() != old
    assert host.read(apphub.config_path) == apphub.config(9123)


def test_a_private_docker_is_hung_killed_and_comes_back(host: Host) -> None:
    private = PrivateDocker(host)
    private.start()
    private.containers.import_busybox_image()
    private.containers.run("one", "--network=none", "--restart=always")
    assert Containers(host).docker("ps", "-aq").stdout == ""

    private.send(signal.SIGSTOP)
    assert not private.answers()
    private.send(signal.SIGCONT)
    assert private.answers()
    private.kill()
    assert not private.answers()
    private.start()
    host.wait_until(lambda: private.containers.state("one") == "running", 20, "the container is back")
    private.stop()


def test_a_hung_socket_takes_a_request_and_never_answers(host: Host) -> None:
    hung_socket(host, "/run/hung.sock")
    request = ("curl", "-s", "-m", "1", "--unix-socket", "/run/hung.sock", "http://docker/_ping")
    assert host.run(*request, check=False).code == 28  # curl's code for its deadline


@pytest.mark.long
def test_a_bare_root_installs_docker_and_runs_a_container(bare_root: BareRoot) -> None:
    packages = "docker.io iptables busybox-static curl"
    bare_root.shell(
        f"apt-get update -q && apt-get install -qy --no-install-recommends {packages}", timeout=300
    )
    private = PrivateDocker(bare_root)
    private.start()
    private.containers.import_busybox_image()
    apphub = run_apphub(private.containers, network="none")
    assert apphub.setconfig("cockpit", "port", "9123").code == 0
    assert bare_root.read(apphub.config_path) == apphub.config(9123)
    private.kill()
