"""docker-gen's job: containers come and go, and nginx on the host passes requests to those that are there."""

from __future__ import annotations

import json
import os
import random
import re
import time

from host.lab.containers import KEEP_RUNNING, Containers
from host.lab.machine import Host
from host.profiles import in_step, install_nginx, install_profile

RENDERED = "/etc/nginx/conf.d/portreeve-proxy.conf"
SYNC = "nginx-proxy"
MOST = 50 if os.environ.get("PORTREEVE_TEST_LONG") else 20
QUIET = 1.0
SERVER = "trap 'exit 0' TERM; while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s' \"$1\" | nc -lp 8080; done"


class Fleet:
    """Containers with the profile's labels, that come and go."""

    def __init__(self, host: Host) -> None:
        self.containers = Containers(host)
        self.host = host
        self.here: set[str] = set()

    def start(self, name: str, label: str | None = None) -> None:
        labels = (f"--label=portreeve.host={label or f'{name}.example'}", "--label=portreeve.port=8080")
        self.containers.run(name, "-t", "--init", *labels, command=("sh", "-c", KEEP_RUNNING))
        self.here.add(name)

    def remove(self, *names: str) -> None:
        self.containers.docker("rm", "-f", *names)
        self.here -= set(names)

    def listed(self) -> set[tuple[str, str]]:
        """Host name and address of each container that runs, by a full listing of Docker's own client."""
        ids = self.containers.docker("ps", "-q", "--filter", "label=portreeve.host").stdout.split()
        if not ids:
            return set()
        found = json.loads(self.containers.docker("inspect", *ids).stdout)
        return {
            (
                each["Config"]["Labels"]["portreeve.host"],
                f"{each['NetworkSettings']['Networks']['bridge']['IPAddress']}:8080",
            )
            for each in found
        }

    def rendered(self) -> set[tuple[str, str]]:
        """The same, of the file that nginx has."""
        text = self.host.read(RENDERED) if self.host.exists(RENDERED) else ""
        upstreams = re.findall(r"upstream portreeve_(\S+) \{(.*?)\}", text, re.DOTALL)
        return {(name, address) for name, body in upstreams for address in re.findall(r"server (\S+);", body)}


def begin(host: Host) -> Fleet:
    install_nginx(host)
    install_profile(host, SYNC)
    in_step(host, SYNC)
    return Fleet(host)


def test_a_container_with_a_label_is_served_and_one_that_goes_is_not(installed_host: Host) -> None:
    host = installed_host
    fleet = begin(host)
    fleet.containers.run(
        "shop",
        *("--init", "--label=portreeve.host=shop.example", "--label=portreeve.port=8080"),
        command=("sh", "-c", SERVER, "sh", "the shop"),
    )
    ask = ("curl", "-s", "-H", "Host: shop.example", "http://127.0.0.1/")
    host.wait_until(lambda: host.run(*ask, check=False).stdout == "the shop", 10, "the shop answers")
    fleet.remove("shop")
    host.wait_until(lambda: fleet.rendered() == set(), 10, "the shop is gone from the file")


def test_an_unusable_label_harms_only_its_own_container(installed_host: Host) -> None:
    host = installed_host
    fleet = begin(host)
    fleet.start("good")
    fleet.start("evil", "x.example; } server { listen 81; location / { alias /; } #")
    fleet.start("lines", "y.example\n}\nserver { listen 82; }")
    fleet.start("also-good")
    names = {"good.example", "also-good.example"}
    host.wait_until(lambda: {name for name, _ in fleet.rendered()} == names, 10, "both good ones are served")
    in_step(host, SYNC)
    explained = host.run("portreeve", "explain", SYNC).stdout
    assert "'evil' is not in web" in explained
    assert "'lines' is not in web" in explained
    assert not host.is_listening(81)


def test_the_file_is_what_a_full_listing_gives_after_every_quiet_second(installed_host: Host) -> None:
    host = installed_host
    fleet = begin(host)
    cursor = host.journal_cursor()
    began = time.monotonic()
    chance = random.Random(4)
    # Something that takes the processors: containers start while others work.
    host.run("systemd-run", "-u", "load", "sh", "-c", "while :; do :; done & while :; do :; done")
    names = [f"web{number}" for number in range(MOST)]
    chance.shuffle(names)
    while names:
        for _ in range(chance.randint(3, 9)):
            if names and (not fleet.here or chance.random() < 0.8):
                fleet.start(names.pop())
            elif fleet.here:
                fleet.remove(chance.choice(sorted(fleet.here)))
        quiet(fleet)
    fleet.remove(*sorted(fleet.here))
    quiet(fleet)
    host.run("systemctl", "stop", "load.service")
    reloads = reloads_since(host, cursor)
    assert 1 <= reloads <= 2 * (time.monotonic() - began)


def quiet(fleet: Fleet) -> None:
    """Let a second pass in which nothing happens, which is what is to be shown; then compare."""
    time.sleep(QUIET)
    assert fleet.rendered() == fleet.listed()


def reloads_since(host: Host, cursor: str) -> int:
    messages = [str(entry.get("MESSAGE", "")) for entry in host.journal(since_cursor=cursor)]
    return sum(message.startswith("Reloaded nginx.service") for message in messages)
