"""A compose project as Docker sees it: containers with compose's labels, each of which tells when it began
and when it was healthy.

Compose itself is not needed: it writes ``depends_on`` into the label ``com.docker.compose.depends_on`` of
each container (``SERVICE:CONDITION:RESTART``), and that is all that is left of it when the host boots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host.lab.containers import IMAGE, Containers
from host.lab.machine import Host

STARTED, HEALTHY, COMPLETED = "service_started", "service_healthy", "service_completed_successfully"

SHOP: Mapping[str, Mapping[str, str]] = {
    "proxy": {"web": HEALTHY, "worker": STARTED},
    "web": {"api": HEALTHY, "search": HEALTHY},
    "worker": {"migrate": COMPLETED, "cache": STARTED},
    "api": {"db": HEALTHY, "cache": HEALTHY, "migrate": COMPLETED},
    "search": {"db": HEALTHY},
    "migrate": {"db": HEALTHY},
    "cache": {},
    "db": {},
}
"""Eight services, the last first, so that the order in which they were made helps nobody."""

ONE_SHOTS = frozenset({"migrate"})

_FOLDER = "/srv/order"
# A line is short, and appended at once. It counts as healthy only after that was written.
_SERVES = """
trap 'exit 0' TERM; rm -f /tmp/healthy; echo begin $0 >>/order/log
sleep 0.7; echo healthy $0 >>/order/log; touch /tmp/healthy
while :; do sleep 3600 & wait $!; done
"""
_MIGRATES = "echo begin $0 >>/order/log; sleep 0.7; echo completed $0 >>/order/log"
_BREAKS = "test -e /order/mended || { echo this is what breaks; exit 3; }\n"
_CHECK = ("--health-cmd=test -e /tmp/healthy", "--health-interval=500ms", "--health-timeout=10s")
_DEFINITION = """
compose = {{ project = "{project}", service = "{service}" }}
autostart = true
ready = {ready}
restart = {{ max = 2, backoff = ["0.5s", "2s"] }}
"""
_READY = '{ interval = "1s" }'
_COMPLETED = "{ exited = 0 }"
_LINE = {STARTED: "begin", HEALTHY: "healthy", COMPLETED: "completed"}


@dataclass(frozen=True)
class Project:
    """A compose project of services that tell in a log of the host what becomes of them.

    Args:
        host: where it runs.
        name: the project's.
        services: each with what it depends on, and the condition.
        policy: Docker's restart policy of those that stay up.
        broken: those that end at once until :meth:`mend`.
    """

    host: Host
    name: str
    services: Mapping[str, Mapping[str, str]]
    policy: str = "no"
    broken: frozenset[str] = frozenset()

    @property
    def log(self) -> str:
        """Where it tells, on the host."""
        return f"{_FOLDER}/{self.name}/log"

    def create(self) -> None:
        """As ``docker compose create`` does: nothing runs yet."""
        docker = Containers(self.host).docker
        self.host.run("mkdir", "-p", f"{_FOLDER}/{self.name}")
        self.forget()
        docker("network", "create", f"{self.name}_default")
        for service, depends_on in self.services.items():
            one_shot = service in ONE_SHOTS
            label = ",".join(f"{other}:{condition}:false" for other, condition in depends_on.items())
            docker(
                *("create", f"--name={self.container(service)}", f"--network={self.name}_default"),
                *("-v", f"{_FOLDER}/{self.name}:/order"),
                f"--label=com.docker.compose.project={self.name}",
                f"--label=com.docker.compose.service={service}",
                f"--label=com.docker.compose.depends_on={label}",
                *(() if one_shot else (*_CHECK, f"--restart={self.policy}")),
                *(IMAGE, "sh", "-c", self._script(service), service),
            )

    def _script(self, service: str) -> str:
        script = _MIGRATES if service in ONE_SHOTS else _SERVES
        return _BREAKS + script if service in self.broken else script

    def mend(self) -> None:
        """What was broken works at its next start."""
        self.host.write(f"{_FOLDER}/{self.name}/mended", "")

    def define(self) -> None:
        """A definition for each of them that says no more than that it is to be up."""
        for service in self.services:
            ready = _COMPLETED if service in ONE_SHOTS else _READY
            text = _DEFINITION.format(project=self.name, service=service, ready=ready)
            self.host.write(f"/etc/portreeve/containers.d/{self.name}-{service}.toml", text)

    def remove(self) -> None:
        """Containers, network and definitions."""
        self.host.shell(f"rm -f /etc/portreeve/containers.d/{self.name}-*.toml")
        containers = Containers(self.host)
        containers.docker("rm", "-f", *(self.container(service) for service in self.services))
        containers.docker("network", "rm", f"{self.name}_default")

    def container(self, service: str) -> str:
        """The container's name, as compose makes it."""
        return f"{self.name}-{service}-1"

    def target(self, service: str) -> str:
        """As ``portreeve wait`` wants it."""
        return f"container:{self.name}-{service}"

    def forget(self) -> None:
        """Begin the log anew."""
        self.host.write(self.log, "")

    def told(self) -> list[str]:
        """The log's lines, oldest first."""
        return self.host.read(self.log).splitlines()

    def is_up(self) -> bool:
        """All that stay up are healthy."""
        docker = Containers(self.host).docker
        options = ("-q", f"--filter=label=com.docker.compose.project={self.name}", "--filter=health=healthy")
        healthy = docker("ps", *options, check=False).stdout.split()
        return len(healthy) == len(self.services.keys() - ONE_SHOTS)

    def violations(self) -> list[str]:
        """What began before what it depends on was as it had to be, since the log began.

        A one-shot that did not begin again is done.
        """
        lines = [f"completed {each}" for each in ONE_SHOTS if f"begin {each}" not in self.told()]
        lines += self.told()
        first = {line: lines.index(line) for line in lines}
        return [
            f"{service} before {other} had {_LINE[condition]}"
            for service, depends_on in self.services.items()
            for other, condition in depends_on.items()
            if first.get(f"begin {service}", len(lines))
            < first.get(f"{_LINE[condition]} {other}", len(lines))
        ]
