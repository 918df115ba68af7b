"""Websoft9's profile on a host with Cockpit, Docker, nginx and containers that behave as Websoft9's do.

test_websoft9_baseline has the service that the profile replaces, judged by the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from host.lab.machine import Host
from host.lab.nspawn import Snapshot
from host.lab.packages import cockpit_package, install_package
from host.lab.run import Run
from host.main_job import Actions, Sampler, counted
from host.websoft9.cockpit_conf import COCKPIT_CONF, SHIPPED
from host.websoft9.command_lines import CommandLines
from host.websoft9.site import DROP_IN, EVERYTHING, Site
from host.websoft9.stack import APPHUB, CONFIG, CREDENTIALS, DATA, PROXY, VARIABLES

LONG = bool(os.environ.get("PORTREEVE_TEST_LONG"))
READY_AFTER = 60.0 if LONG else 8.0
"""Seconds from the start of AppHub's container until its command works."""

IN_STEP_WITHIN = 5.0
"""Seconds after everything is there in which everything must be right."""

MOVED_WITHIN = 15.0
"""Seconds after a choice; the agent moves a unit at most three times in 10 s, and tests follow closely."""

AT_MOST = 12
"""Restarts of Cockpit's socket for 500 choices in a few seconds; systemd's limit is 5 in 10 s at once."""

MOVE_THE_DATA_ROOT = """
systemctl stop docker.socket docker.service
cp -a /var/lib/docker /srv/plain/moved
rm -r /var/lib/docker/*
mkdir -p /etc/docker
echo '{"data-root": "/srv/plain/moved"}' >/etc/docker/daemon.json
systemctl start docker.socket docker.service
"""


COCKPITS = "/etc/cockpit/ws-certs.d"
MAKE_A_CERTIFICATE = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=other \
    -keyout "$1.key" -out "$1.cert" 2>/dev/null
"""


@pytest.fixture(scope="module")
def site(lab_run: Run, installed_snapshot: Snapshot) -> Iterator[Site]:
    with Host(lab_run, installed_snapshot, "websoft9") as host:
        site = Site(host)
        site.prepare()
        site.declare(*EVERYTHING)
        site.follow(9443)
        yield site


def test_s1_a_choice_moves_cockpit_and_the_proxy_with_one_restart_and_one_reload(site: Site) -> None:
    site.follow(9443)
    reloads = site.stack.reloads()

    def choose() -> None:
        site.stack.choose_port(9091)
        site.await_port(9091, MOVED_WITHIN)
        site.in_step()

    assert counted(site.host, choose) == Actions(daemon_reloads=1, socket_restarts=1)
    assert site.stack.reloads() == reloads + 1
    assert not site.host.is_listening(9443)
    assert "ListenStream=9091" in site.host.read(DROP_IN)


def test_s2_an_upgrade_of_cockpit_keeps_the_choice(site: Site) -> None:
    site.follow(9443)
    with Sampler(site.host, 9443, 9090, 9191) as sampler:
        install_package(site.host, cockpit_package(site.host, vendor_port=9191))
        site.await_port(9443, IN_STEP_WITHIN)
        install_package(site.host, cockpit_package(site.host))
        site.await_port(9443, IN_STEP_WITHIN)
        assert not any({9090, 9191} & sample for sample in sampler.seen())
    site.in_step()


def test_s3_containers_that_come_back_slowly_find_cockpit_where_it_was(site: Site) -> None:
    site.follow(9443)
    drop_in = site.host.read(DROP_IN)
    with Sampler(site.host, 9443, 9090) as sampler:
        site.stack.down()
        site.reason("container-absent")
        site.stack.up(apphub_delay=READY_AFTER)
        site.host.wait_until(site.stack.apphub_is_ready, READY_AFTER + 10, "AppHub is ready")
        site.await_port(9443, IN_STEP_WITHIN)
        assert set(sampler.seen()) == {frozenset({9443})}
    assert site.host.read(DROP_IN) == drop_in
    site.in_step()


def test_s3_what_was_chosen_while_containers_were_away_is_followed(site: Site) -> None:
    site.follow(9443)
    site.stack.down()
    config = site.stack.config_path
    site.host.write(config, site.host.read(config).replace("port = 9443", "port = 9444"))
    site.reason("container-absent")
    site.stack.up(apphub_delay=3)
    site.host.wait_until(site.stack.apphub_is_ready, 13, "AppHub is ready")
    site.await_port(9444, IN_STEP_WITHIN)
    site.in_step()


def test_cockpit_takes_browsers_from_the_address_that_apphub_names(site: Site) -> None:
    host = site.host
    site.follow(9443)
    site.stack.setconfig("nginx_proxy_manager", "docker0_ip", "172.18.0.1")
    wanted = SHIPPED.replace("172.17.0.1", "172.18.0.1")
    host.wait_until(lambda: host.read(COCKPIT_CONF) == wanted, MOVED_WITHIN, "the address is there")
    # A menu of Websoft9's writes its shipped cockpit.conf over it.
    host.write(COCKPIT_CONF, SHIPPED)
    host.wait_until(lambda: host.read(COCKPIT_CONF) == wanted, MOVED_WITHIN, "the address is back")
    site.stack.setconfig("nginx_proxy_manager", "docker0_ip", "172.17.0.1")
    host.wait_until(lambda: host.read(COCKPIT_CONF) == SHIPPED, MOVED_WITHIN, "as it was")
    site.in_step()


def test_s4_a_proxy_that_restarts_finds_cockpit_and_nobody_loses_a_session(site: Site) -> None:
    site.follow(9443)

    def restart() -> None:
        site.stack.restart(PROXY)
        site.await_port(9443, IN_STEP_WITHIN)
        site.in_step()

    assert counted(site.host, restart) == Actions(daemon_reloads=0, socket_restarts=0)


def test_s4_a_proxy_that_restarts_with_apphub_finds_cockpit(site: Site) -> None:
    site.follow(9443)
    site.stack.restart(APPHUB, PROXY)
    site.await_port(9443, IN_STEP_WITHIN)
    site.in_step()


def test_s5_a_port_that_somebody_holds_is_named_and_nothing_moves(site: Site) -> None:
    host = site.host
    site.follow(9443)
    host.run("systemd-run", "-q", "--unit=holder", "python3", "-m", "http.server", "9777")
    host.wait_until(lambda: host.is_listening(9777), 10, "somebody holds the port")
    try:
        site.stack.choose_port(9777)
        told = site.reason("port-held")
        assert "9777" in str(told["trouble"])
        assert site.listens(9443)
        assert site.proxied_to(9443)
        assert site.stack.chosen_port() == 9777, "config.ini is AppHub's, and what was chosen stays chosen"
    finally:
        host.run("systemctl", "stop", "holder")
    site.await_port(9777, 15)
    site.in_step()


def test_s7_a_data_root_that_is_moved_is_followed(site: Site) -> None:
    host = site.host
    site.follow(9443)
    before = site.stack.config_path
    site.stack.down()
    host.shell(MOVE_THE_DATA_ROOT, timeout=120)
    site.stack.up()
    assert site.stack.config_path != before
    assert not host.exists(before)
    site.follow(9447)


def test_s8_an_agent_that_is_killed_in_the_middle_of_an_apply_ends_up_right(site: Site) -> None:
    host = site.host
    site.follow(9443)
    slow = "/etc/systemd/system/cockpit.socket.d/slow.conf"
    host.write(slow, "[Socket]\nExecStartPre=/bin/sleep 2\n")
    host.run("systemctl", "daemon-reload")
    try:
        site.stack.choose_port(9445)
        host.wait_until(lambda: socket_state(host) == "activating", 10, "the socket is on its way up")
        host.run("systemctl", "kill", "-s", "KILL", "portreeve")
        site.await_port(9445, 30)
        site.in_step()
    finally:
        host.run("rm", slow)
        host.run("systemctl", "daemon-reload")
    assert host.run("systemctl", "is-system-running").stdout == "running\n"


def socket_state(host: Host) -> str:
    return host.run("systemctl", "show", "-P", "ActiveState", "cockpit.socket").stdout.strip()


def test_s9_of_five_hundred_choices_the_last_wins_with_few_restarts(site: Site) -> None:
    site.follow(9443)
    loop = (
        "for n in $(seq 10001 10500); do"
        ' apphub setconfig --section cockpit --key port --value "$n" || exit 1; done'
    )

    def choose() -> None:
        site.stack.containers.docker("exec", APPHUB, "sh", "-c", loop, timeout=90)
        site.await_port(10500, 20)
        site.in_step()

    moved = counted(site.host, choose)
    print(f"{moved.socket_restarts} restarts for 500 choices")
    assert 1 <= moved.socket_restarts <= AT_MOST
    told = [str(entry.get("MESSAGE", "")) for entry in site.host.journal()]
    assert not [line for line in told if "Start request repeated too quickly" in line]


def test_s10_a_config_that_is_empty_for_two_seconds_changes_nothing(site: Site) -> None:
    site.follow(9443)
    whole = site.host.read(site.stack.config_path)
    drop_in = site.host.read(DROP_IN)

    def truncate() -> None:
        site.host.write(site.stack.config_path, "")
        try:
            with Sampler(site.host, 9443, 9090) as sampler:
                site.reason("key-absent")
                threading.Event().wait(2)
                assert set(sampler.seen()) == {frozenset({9443})}
                assert site.host.read(DROP_IN) == drop_in
                assert site.proxied_to(9443)
        finally:
            site.host.write(site.stack.config_path, whole)
        site.await_port(9443, IN_STEP_WITHIN)
        site.in_step()

    assert counted(site.host, truncate) == Actions(daemon_reloads=0, socket_restarts=0)


def test_s11_a_volume_that_is_removed_and_made_anew_is_followed(site: Site) -> None:
    site.follow(9443)
    site.stack.down()
    site.stack.containers.docker("volume", "rm", CONFIG)
    site.reason("container-absent")
    assert site.listens(9443)
    # The new volume begins with the template of AppHub's image, which says 9090.
    site.stack.up()
    site.await_port(9090, IN_STEP_WITHIN + 5)
    site.follow(9446)


def test_the_certificate_that_apphub_names_is_served_and_a_wrong_one_is_not(site: Site) -> None:
    host, stack = site.host, site.stack
    site.follow(9443)
    before = stack.served_certificate()
    assert before
    # In a container that has just started, what fails is owed, and not yet the fault of the content.
    host.wait_until(lambda: stack.age(PROXY) > 10, 20, "the proxy has run for a while")
    folder = stack.file(DATA, "custom_ssl")
    host.shell(MAKE_A_CERTIFICATE, f"{folder}/other")
    stack.setconfig("nginx_proxy_manager", "ssl_cert", "/data/custom_ssl/other.cert")
    # A certificate without its key: nginx does not load that.
    site.reason("action-failed", "websoft9-certificate")
    assert stack.served_certificate() == before
    assert "self-signed.cert" in stack.uncommented(VARIABLES, "custom_ssl.conf")
    stack.setconfig("nginx_proxy_manager", "ssl_key", "/data/custom_ssl/other.key")
    host.wait_until(
        lambda: stack.served_certificate() not in {"", before}, MOVED_WITHIN, "the other is served"
    )
    for key in ("cert", "key"):
        stack.setconfig("nginx_proxy_manager", f"ssl_{key}", f"/data/custom_ssl/websoft9-self-signed.{key}")
    host.wait_until(lambda: stack.served_certificate() == before, MOVED_WITHIN, "the first is served again")
    site.in_step()


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_a_credential_reaches_apphub_and_is_shown_nowhere(site: Site, name: str) -> None:
    host, stack = site.host, site.stack
    site.follow(9443)
    assert stack.known_to_apphub(name) == stack.credential(name)
    with CommandLines(host) as lines:
        changed = stack.change_credential(name)
        host.wait_until(lambda: stack.known_to_apphub(name) == changed, IN_STEP_WITHIN, "it is known")
        site.in_step()
        shown = [host.run("portreeve", *argv, check=False) for argv in shows(f"{name}-credential")]
        journal = "".join(str(entry.get("MESSAGE", "")) for entry in host.journal())
        everywhere = "".join(ran.stdout + ran.stderr for ran in shown) + journal + lines.seen()
    assert name in everywhere
    assert changed["password"] not in everywhere
    assert stack.config()["cockpit"]["port"] == "9443"


def shows(sync: str) -> list[tuple[str, ...]]:
    """Every command that tells of a sync."""
    return [
        *(("status",), ("status", "--output", "json"), ("graph",)),
        *(
            (command, sync, *output)
            for command in ("explain", "history")
            for output in ((), ("--output", "json"))
        ),
        ("diff", sync),
    ]


def test_cockpits_certificates_are_in_the_proxy_and_can_be_chosen(site: Site) -> None:
    host, stack = site.host, site.stack
    site.follow(9443)
    mirror = stack.file(DATA, "custom_ssl/cockpit")
    assert host.shell('cd "$1" && ls', mirror).stdout == host.shell(f"cd {COCKPITS} && ls").stdout
    for part, key in (("cert", "ssl_cert"), ("key", "ssl_key")):
        assert host.read(f"{mirror}/0-self-signed.{part}") == host.read(f"{COCKPITS}/0-self-signed.{part}")
        stack.setconfig("nginx_proxy_manager", key, f"/data/custom_ssl/cockpit/0-self-signed.{part}")
    fingerprint = f"openssl x509 -noout -fingerprint -in {COCKPITS}/0-self-signed.cert"
    wanted = host.shell(fingerprint).stdout.strip()
    host.wait_until(lambda: stack.served_certificate() == wanted, MOVED_WITHIN, "Cockpit's is shown")

    host.shell(f"cd {COCKPITS}\n{MAKE_A_CERTIFICATE}", "0-self-signed")
    renewed = host.shell(fingerprint).stdout.strip()
    assert renewed != wanted
    host.wait_until(lambda: stack.served_certificate() == renewed, MOVED_WITHIN, "the renewed is shown")
    assert host.shell('cd "$1" && ls', mirror).stdout == host.shell(f"cd {COCKPITS} && ls").stdout
    assert host.shell('stat -c %a "$1"', f"{mirror}/0-self-signed.key").stdout == "600\n"
    for key in ("cert", "key"):
        stack.setconfig("nginx_proxy_manager", f"ssl_{key}", f"/data/custom_ssl/websoft9-self-signed.{key}")
    site.in_step()


def test_choices_and_credentials_that_come_at_the_same_time_are_all_kept(site: Site) -> None:
    host, stack = site.host, site.stack
    site.follow(9443)
    loop = (
        "for n in $(seq 1 200); do"
        ' apphub setconfig --section docker_mirror --key url --value "http://mirror/$n" || exit 1; done'
    )
    before = stack.config()
    with ThreadPoolExecutor(1) as pool:
        chosen = pool.submit(stack.containers.docker, "exec", APPHUB, "sh", "-c", loop, timeout=90)
        changed = {}
        while not chosen.done():
            changed = {name: stack.change_credential(name) for name in CREDENTIALS}
        chosen.result()

    def all_are_there() -> bool:
        known = {name: stack.known_to_apphub(name) for name in CREDENTIALS}
        return known == changed and stack.config()["docker_mirror"]["url"] == "http://mirror/200"

    host.wait_until(all_are_there, MOVED_WITHIN, "the last choice and the last credentials are there")
    site.in_step()
    now = stack.config()
    assert {name: list(now[name]) for name in now} == {name: list(before[name]) for name in before}
