"""Who listens: real sockets of this process, and /proc files as kernels write them."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from portreeve.checks.listeners import holders, listeners, unit_of_cgroup


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_a_listening_socket_is_seen_with_its_address(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server:
        try:
            server.bind((address, 0))
        except OSError:
            pytest.skip("this host has no such address")
        server.listen()
        port = server.getsockname()[1]
        assert [found.address for found in listeners() if found.port == port] == [ip_address(address)]


def test_a_socket_that_is_bound_and_does_not_listen_is_none() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert server.getsockname()[1] not in {found.port for found in listeners()}


def test_the_holder_of_a_port_is_this_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = holders(frozenset(listener.inode for listener in listeners() if listener.port == port))
    assert [holder.pid for holder in found] == [os.getpid()]
    assert found[0].command == Path("/proc/self/comm").read_text().strip()


def test_a_kernel_without_ipv6_has_no_second_table(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1\n"
        "   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 78 1\n"
    )
    (found,) = listeners(tmp_path)
    assert (str(found.address), found.port, found.inode) == ("127.0.0.1", 8080, 77)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/cockpit.service\n", "cockpit.service"),
        ("0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service"),
        ("0::/system.slice/docker.service/worker\n", "docker.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", "session-3.scope"),
        ("0::/user.slice/user-0.slice/user@0.service/app.slice/x.service\n", "user@0.service"),
        ("0::/init.scope\n", "init.scope"),
        ("9:name=systemd:/system.slice/a.service\n4:memory:/else\n0::/\n", "a.service"),
        ("9:name=systemd:/\n0::/system.slice/cockpit.service\n", "cockpit.service"),
        ("0::/\n", None),
        ("0::/docker/0123abcd\n", None),
        ("", None),
    ],
)
def test_the_unit_is_read_from_the_control_group(text: str, unit: str | None) -> None:
    assert unit_of_cgroup(text) == unit
