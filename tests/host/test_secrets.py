"""A secret goes from one container's file into another's and into a host's, and is seen nowhere else."""

from __future__ import annotations

import base64
import json

from host.lab.containers import Containers
from host.lab.machine import Host
from host.profiles import in_step

SECRETS = [f"s3cr3t-{name}-{'x7Q'}" for name in ("first", "second", "third", "broken", "refused")]
FIRST, SECOND, THIRD, BROKEN, REFUSED = SECRETS
HOST_FILE = "/etc/app/password.conf"

SYNC = """
[sources.git]
container = "git"
volume = "git_data"
path = "credential"
format = "json"

[values]
password = { source = "git", key = "password", type = "secret" }
user = { source = "git", key = "username", type = "string" }

[[targets]]
container = "apphub"
volume = "apphub_config"
path = "config.ini"
set = { "gitea.user_name" = "{{ user }}", "gitea.user_pwd" = "{{ password }}" }

[[targets]]
path = "/etc/app/password.conf"
template = "password.conf.j2"
mode = "0600"

[[check]]
command = ["grep", "-qv", "refused", '{{ staged_files["/etc/app/password.conf"] }}']

[[apply]]
command = ["true"]

[[verify]]
command = ["test", "!", "-e", "/run/broken"]
timeout = "1s"
"""

WATCHER = """
import glob, sys
with open(sys.argv[2], "rb") as file:
    wanted = file.read().split()
with open(sys.argv[1], "w", buffering=1) as out:
    samples = 0
    while True:
        for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError:
                continue
            if any(word in data for word in wanted):
                print("found in", path, data, file=out)
        samples += 1
        if samples == 20:
            print("watching", file=out)
"""

COMMANDS = [
    ("status",),
    ("status", "--output", "json"),
    ("explain", "app"),
    ("explain", "app", "--output", "json"),
    ("history", "app"),
    ("history", "app", "--output", "json"),
    ("diff", "app"),
    ("sync", "app", "--dry-run"),
    ("graph",),
    ("graph", "--format", "svg"),
    ("doctor",),
    ("check",),
]


class Site:
    """Two containers, a sync between them, and everything that was ever shown."""

    def __init__(self, host: Host) -> None:
        self.host = host
        containers = Containers(host)
        for volume in ("git_data", "apphub_config"):
            containers.docker("volume", "create", volume)
        self.credential = f"{containers.volume_path('git_data')}/credential"
        self.config = f"{containers.volume_path('apphub_config')}/config.ini"
        self.choose(FIRST)
        host.write(self.config, "# kept\n[gitea]\nuser_name = nobody\nuser_pwd = none\n", mode=0o600)
        containers.run("git", "-v", "git_data:/data")
        containers.run("apphub", "-v", "apphub_config:/config")
        host.run("mkdir", "-p", "/etc/app")
        host.write("/root/watch-arguments.py", WATCHER)
        host.write("/root/wanted", "\n".join(SECRETS))
        watch = ("python3", "/root/watch-arguments.py", "/root/arguments", "/root/wanted")
        host.run("systemd-run", "-u", "watch-arguments", "-p", "StandardOutput=null", *watch)
        host.wait_until(
            lambda: "watching" in host.shell("cat /root/arguments || :").stdout, 30, "it is watched"
        )
        host.write("/etc/portreeve/templates/password.conf.j2", "user {{ user }}\npassword {{ password }}\n")
        host.write("/etc/portreeve/syncs.d/app.toml", SYNC)
        self.shown = ""
        host.wait_until(
            lambda: "app" in host.run("portreeve", "status", check=False).stdout, 10, "it is declared"
        )

    def choose(self, password: str) -> None:
        text = json.dumps({"username": "admin", "password": password})
        self.host.atomic_replace(self.credential, text, mode=0o600)

    def show(self) -> None:
        for argv in COMMANDS:
            ran = self.host.run("portreeve", *argv, check=False, timeout=60)
            self.shown += ran.stdout + ran.stderr
        for path in ("/metrics", "/v1/status", "/v1/syncs/app"):
            asked = ("curl", "-s", "--unix-socket", "/run/portreeve/public.sock", f"http://localhost{path}")
            self.shown += self.host.run(*asked, check=False).stdout

    def reason(self, wanted: str) -> None:
        self.host.wait_until(
            lambda: wanted in self.host.run("portreeve", "explain", "app").stdout, 20, f"{wanted} is told"
        )


def test_a_secret_is_copied_and_shown_nowhere(installed_host: Host) -> None:
    host = installed_host
    site = Site(host)
    in_step(host, "app")
    assert host.read(site.config) == f"# kept\n[gitea]\nuser_name = admin\nuser_pwd = {FIRST}\n"
    assert FIRST in host.read(HOST_FILE)
    assert host.shell(f"stat -c %a {HOST_FILE} {site.config}").stdout.split() == ["600", "600"]
    site.show()

    site.choose(SECOND)
    host.wait_until(lambda: SECOND in host.read(site.config), 10, "the change is followed")
    in_step(host, "app")
    site.show()

    # One that does not work is taken back, from what is kept of the last good one.
    host.write("/run/broken", "")
    site.choose(THIRD)
    site.reason("verify-failed")
    assert SECOND in host.read(site.config)
    assert SECOND in host.read(HOST_FILE)
    site.show()
    host.run("rm", "/run/broken")

    # Errors about what holds it do not show it either.
    site.choose(f"{BROKEN}\nsecond line")
    site.reason("value-invalid")
    site.show()
    host.atomic_replace(site.credential, f'{{"username": "admin", "password": "{REFUSED}', mode=0o600)
    site.reason("format-invalid")
    site.show()
    host.run("systemctl", "restart", "portreeve.service")
    site.show()

    host.run("journalctl", "--sync")
    everywhere = {
        "commands and metrics": site.shown,
        "journal": host.shell("journalctl --no-pager -o json").stdout,
        "state": host.shell("cat /var/lib/portreeve/* | base64 -w0").stdout,
        "arguments and environments": host.read("/root/arguments"),
    }

    everywhere["state"] = base64.b64decode(everywhere["state"]).decode("latin-1")
    hits = {(place, secret) for place, text in everywhere.items() for secret in SECRETS if secret in text}
    assert "watching" in everywhere["arguments and environments"]
    assert hits == set()
    assert host.shell("stat -c '%a %U' /var/lib/portreeve/*").stdout.count("600 root") >= 2


CREDENTIAL = """
[sources.token]
credential = "api-token"

[values]
token = { source = "token", type = "secret" }

[[targets]]
path = "/etc/app/token.conf"
template = "token.conf.j2"
mode = "0600"
"""


def test_a_credential_that_systemd_hands_over_is_a_source(installed_host: Host) -> None:
    host = installed_host
    host.write("/root/token", f"{FIRST}\n", mode=0o600)
    host.run("mkdir", "-p", "/etc/app")
    host.write("/etc/portreeve/templates/token.conf.j2", "token {{ token }}\n")
    host.write("/etc/portreeve/syncs.d/app.toml", CREDENTIAL)
    host.wait_until(
        lambda: "credential-absent" in host.run("portreeve", "explain", "app", check=False).stdout,
        20,
        "it is told that there is no credential",
    )
    drop_in = "/etc/systemd/system/portreeve.service.d/token.conf"
    host.write(drop_in, "[Service]\nLoadCredential=api-token:/root/token\n")
    host.shell("systemctl daemon-reload && systemctl restart portreeve.service")
    in_step(host, "app")
    assert host.read("/etc/app/token.conf") == f"token {FIRST}\n"
