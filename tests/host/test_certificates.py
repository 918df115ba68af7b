"""The profile `certificates`: what a container renews, a TLS server of the host uses, as one change."""

from __future__ import annotations

import re

import pytest

from host.lab.containers import Containers
from host.lab.machine import Host
from host.profiles import in_step, install_nginx, install_profile

SYNC = "certificates"
TARGET = "/etc/ssl/portreeve"
SERVER = """
server {
    listen 8443 ssl;
    ssl_certificate /etc/ssl/portreeve/fullchain.pem;
    ssl_certificate_key /etc/ssl/portreeve/privkey.pem;
}
"""
MAKE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=$2"
    " -keyout $1/../privkey.new -out $1/../fullchain.new 2>/dev/null && chmod 644 $1/../privkey.new"
)

WATCHER = """
import os, stat, sys
folder, out = sys.argv[1], open(sys.argv[2], "w", buffering=1)
seen = set()
while True:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        continue
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                mode, data = stat.S_IMODE(os.fstat(file.fileno()).st_mode), file.read()
        except OSError:
            continue
        if b"PRIVATE KEY" in data and mode & 0o077 and (name, mode) not in seen:
            seen.add((name, mode))
            print(name, oct(mode), file=out)
"""


@pytest.fixture
def site(installed_host: Host) -> Host:
    """A host whose nginx uses a certificate of the container acme."""
    host = installed_host
    containers = Containers(host)
    containers.docker("volume", "create", "certificates")
    live = f"{containers.volume_path('certificates')}/live"
    host.run("mkdir", live)
    renew(host, live, "first.example")
    containers.run("acme", "-v", "certificates:/certificates")
    host.write("/root/watch.py", WATCHER)
    host.run("mkdir", "-p", TARGET)
    host.run("systemd-run", "-u", "watch-keys", "python3", "/root/watch.py", TARGET, "/root/readable")
    install_nginx(host)
    install_profile(host, SYNC)
    in_step(host, SYNC)
    host.write("/etc/nginx/conf.d/tls.conf", SERVER)
    host.run("systemctl", "reload", "nginx.service")
    return host


def live_folder(host: Host) -> str:
    return f"{Containers(host).volume_path('certificates')}/live"


def renew(host: Host, live: str, name: str, *files: str) -> None:
    host.shell(MAKE, live, name)
    for file in files or ("privkey", "fullchain"):
        host.run("mv", f"{live}/../{file}.new", f"{live}/{file}.pem")


def served(host: Host) -> str:
    """The name in the certificate of a completed handshake; empty when there is none."""
    shown = host.shell(
        "echo | openssl s_client -connect 127.0.0.1:8443 2>/dev/null | openssl x509 -noout -subject",
        check=False,
    ).stdout
    found = re.search(r"CN ?= ?(\S+)", shown)
    return found[1] if found else ""


def test_a_renewal_is_one_change_for_a_tls_server_and_no_key_was_ever_readable(site: Host) -> None:
    assert served(site) == "first.example"
    cursor = site.journal_cursor()
    live = live_folder(site)
    renew(site, live, "second.example")
    names = set()

    def renewed() -> bool:
        names.add(served(site))
        return "second.example" in names

    site.wait_until(renewed, 15, "the renewed certificate is served")
    assert names <= {"first.example", "second.example"}
    in_step(site, SYNC)
    messages = [str(entry.get("MESSAGE", "")) for entry in site.journal(since_cursor=cursor)]
    assert sum(message.startswith("Reloaded nginx.service") for message in messages) == 1
    site.run("systemctl", "is-active", "watch-keys.service")
    assert site.read("/root/readable") == ""
    assert site.shell(f"stat -c %a {TARGET}/privkey.pem").stdout.strip() == "600"


def test_half_a_renewal_changes_nothing_until_the_other_half_comes(site: Host) -> None:
    live = live_folder(site)
    site.shell(MAKE, live, "third.example")
    site.run("mv", f"{live}/../privkey.new", f"{live}/privkey.pem")
    site.wait_until(
        lambda: "check-failed" in site.run("portreeve", "explain", SYNC).stdout, 15, "it is refused"
    )
    assert served(site) == "first.example"
    site.run("mv", f"{live}/../fullchain.new", f"{live}/fullchain.pem")
    site.wait_until(lambda: served(site) == "third.example", 15, "the whole renewal is served")


def test_a_file_that_is_removed_is_removed(site: Host) -> None:
    live = live_folder(site)
    site.write(f"{live}/chain.pem", "a chain\n")
    site.wait_until(lambda: site.exists(f"{TARGET}/chain.pem"), 10, "it came")
    site.run("rm", f"{live}/chain.pem")
    site.wait_until(lambda: not site.exists(f"{TARGET}/chain.pem"), 10, "it went")
    assert site.exists(f"{TARGET}/privkey.pem")
