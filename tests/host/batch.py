"""Many containers that start together, each of which needs much memory for a moment while it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from host.lab.containers import IMAGE
from host.lab.guest import Guest

PEAK = 64
"""MiB that a container holds while it starts; afterwards next to none."""

HOLDS = 1.0
"""Seconds for which it holds them."""

_OUT = "/srv/batch"
_DEFINITIONS = "/etc/portreeve/containers.d"

# As a large program that loads itself, waits for its database, and is small from then on: dd has its buffer
# filled from a pipe that then says nothing for a while.
_START = f"""
mark() {{ cut -d' ' -f1 /proc/uptime >/out/$1.new; mv /out/$1.new /out/$1; }}
n=$(hostname)
mark $n.began
{{ dd if=/dev/zero bs=1M count={PEAK}; sleep {HOLDS}; }} 2>/dev/null \
  | dd of=/dev/null bs={PEAK + 1}M count=1 iflag=fullblock 2>/dev/null
mark $n.ready
exec sleep 1000000
"""
_CREATE = f"""
script=$1; shift
mkdir -p {_OUT}
for n; do
  docker create --name "$n" --hostname "$n" --network=none -v {_OUT}:/out {IMAGE} \
    sh -eo pipefail -c "$script" >/dev/null
done
"""
_REMOVE = f"""
docker ps -aq --filter name=batch | xargs -r docker rm -f >/dev/null
rm -rf {_OUT} {_DEFINITIONS}/batch*
"""
# It ends when each is ready or has ended; a start that Docker refused is one that did not work.
_SETTLED = f"""
settled() {{
  until [ "$(ls {_OUT} | grep -c ready$)" -ge "$(docker ps -q --filter name=batch | wc -l)" ]; do
    sleep 0.2
  done
}}
"""
_ONE_BY_ONE = _SETTLED + 'for n; do docker start "$n" || :; settled; done >/dev/null 2>&1'
_AT_ONCE = _SETTLED + 'for n; do docker start "$n" & done >/dev/null 2>&1; wait; settled'
_BY_PORTREEVE = 'systemctl start portreeve; portreeve wait "${@/#/container:}" --for ready --timeout 15m'

WAYS: Mapping[str, str] = {
    "one by one": _ONE_BY_ONE,
    "all at once": _AT_ONCE,
    "portreeve": _BY_PORTREEVE,
}
"""How containers are started: scripts that get the names."""


def limit(count: int) -> int:
    """Bytes of memory for a host on which a sixth of so many containers could start together."""
    # What systemd, Docker, portreeve, and each container with its shim keep for good.
    base = 350 + 2 * count
    return (base + count * PEAK // 6) << 20


@dataclass(frozen=True)
class Outcome:
    """What became of a batch.

    Attributes:
        seconds: until each was ready, or had ended without.
        ready: names of those that were, in that order.
        together: the most that were starting at the same moment.
        serving: how many of them still run.
    """

    seconds: float
    ready: tuple[str, ...]
    together: int
    serving: int


class Batch:
    """Containers that are made and not started, on a guest whose Docker has the image.

    Args:
        guest: where; portreeve is installed there.
        count: how many.
    """

    def __init__(self, guest: Guest, count: int) -> None:
        self._guest = guest
        self.names = tuple(f"batch{number:02}" for number in range(count))

    def create(self) -> None:
        """Make them anew; portreeve is stopped."""
        self._guest.run("systemctl", "stop", "portreeve")
        self._guest.shell(_REMOVE, timeout=600)
        self._guest.shell(_CREATE, _START, *self.names, timeout=600)

    def define(self, after: Mapping[str, str] | None = None) -> None:
        """Declare all of them.

        Args:
            after: what must be ready before one is started, by name.
        """
        for name in self.names:
            first = (after or {}).get(name)
            self._guest.write(
                f"{_DEFINITIONS}/{name}.toml",
                f'container = "{name}"\nautostart = true\nafter = {[first] if first else []}\n'
                f'ready = {{ file = "/out/{name}.ready" }}\nstart_timeout = "5m"\n',
            )

    def start(self, way: str, timeout: float = 900.0) -> Outcome:
        """Have all of them started.

        Args:
            way: one of :data:`WAYS`.
            timeout: seconds after which it is given up.
        """
        begun = self._uptime()
        self._guest.shell(WAYS[way], *self.names, timeout=timeout)
        seconds = self._uptime() - begun
        running = self._guest.shell("docker ps --filter name=batch --format '{{.Names}}'").stdout.split()
        began, ready = self.moments("began"), self.moments("ready")
        return Outcome(
            seconds=seconds,
            ready=tuple(sorted(ready, key=lambda name: ready[name])),
            together=_together([(at, ready.get(name, at + HOLDS)) for name, at in began.items()]),
            serving=len(set(running) & set(ready)),
        )

    def moments(self, what: str) -> dict[str, float]:
        """When each ``began``, or was ``ready``, in seconds of the guest's uptime."""
        script = f'cd {_OUT}; for each in *."$1"; do echo "$each $(cat "$each")"; done'
        lines = self._guest.shell(script, what).stdout.splitlines()
        return {name.partition(".")[0]: float(at) for name, at in map(str.split, lines)}

    def _uptime(self) -> float:
        return float(self._guest.read("/proc/uptime").split()[0])


def _together(spans: list[tuple[float, float]]) -> int:
    """The most of these spans that have a moment in common."""
    return max((sum(begin <= at < end for begin, end in spans) for at, _ in spans), default=0)
