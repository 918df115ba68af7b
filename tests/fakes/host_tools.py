"""``firewall-cmd`` and ``semanage`` as programs on PATH, which behave as their manual pages say.

firewall-cmd(1): ``--state`` ends with 252 where the daemon does not run, ``--query-port`` with 1 for no. What
is permanent and what holds now are two sets. semanage-port(8): ``-a`` refuses a port that has a type.
"""

from pathlib import Path

_FIREWALL_CMD = r"""#!/bin/sh
state="$(dirname "$0")/firewall"
set_="$state/runtime"
for argument; do
    case "$argument" in
        --permanent) set_="$state/permanent" ;;
        --zone=*) zone="${argument#--zone=}" ;;
        --state) test -e "$state/running" || { echo "not running"; exit 252; }; echo running; exit 0 ;;
        --get-default-zone) cat "$state/zone"; exit 0 ;;
        --*-port=*) verb="${argument%%-port=*}"; port="${argument#*=}" ;;
        *) echo "unrecognized arguments: $argument" >&2; exit 2 ;;
    esac
done
case "${port%/*}" in *[!0-9]*) echo "Error: INVALID_PORT: $port" >&2; exit 102 ;; esac
entry="$zone $port"
case "$verb" in
    --query) grep -qxF "$entry" "$set_" && { echo yes; exit 0; }; echo no; exit 1 ;;
    --add) echo "$entry" >>"$set_"; echo success ;;
    --remove) grep -vxF "$entry" "$set_" >"$set_.new"; mv "$set_.new" "$set_"; echo success ;;
esac
"""

_SEMANAGE = r"""#!/bin/sh
echo "$*" >>"$(dirname "$0")/semanage.calls"
ports="$(dirname "$0")/semanage.ports"
case "$2" in
    -l) cat "$ports"; exit 0 ;;
    -a) grep -qw "$7" "$ports" && { echo "ValueError: Port $6/$7 already defined" >&2; exit 1; } ;;
    -m) grep -vw "$7" "$ports" >"$ports.new"; mv "$ports.new" "$ports" ;;
esac
echo "$4 $6 $7" >>"$ports"
"""


class Firewalld:
    """A firewalld whose default zone is ``public``.

    Args:
        programs: a folder on PATH.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._state = programs / "firewall"
        self._state.mkdir()
        for name in ("runtime", "permanent", "running"):
            (self._state / name).touch()
        self.default_zone("public")
        _install(programs / "firewall-cmd", _FIREWALL_CMD)

    def default_zone(self, zone: str) -> None:
        (self._state / "zone").write_text(f"{zone}\n")

    def stop(self) -> None:
        """The daemon does not run any more; what was not permanent is lost."""
        (self._state / "running").unlink()
        (self._state / "runtime").write_text("")

    def lose_zone(self) -> None:
        """The daemon answers, and cannot say what its default zone is."""
        (self._state / "zone").unlink()

    def start(self) -> None:
        """The daemon runs, with what is permanent."""
        (self._state / "running").touch()
        (self._state / "runtime").write_text((self._state / "permanent").read_text())

    def open(self, port: str, zone: str = "public") -> None:
        """Somebody opens a port for good."""
        for name in ("runtime", "permanent"):
            with (self._state / name).open("a") as file:
                file.write(f"{zone} {port}\n")

    @property
    def ports(self) -> tuple[list[str], list[str]]:
        """What holds now, and what is permanent: ``ZONE PORT`` each."""
        return tuple(  # type: ignore[return-value]
            sorted((self._state / name).read_text().splitlines()) for name in ("runtime", "permanent")
        )


class Semanage:
    """Ports with types, a line each.

    Args:
        programs: a folder on PATH.
        lines: ``TYPE PROTOCOL PORT, PORT``.
    """

    def __init__(self, programs: Path, *lines: str) -> None:
        self._programs = programs
        (programs / "semanage.ports").write_text("".join(f"{line}\n" for line in lines))
        (programs / "semanage.calls").touch()
        _install(programs / "semanage", _SEMANAGE)

    @property
    def changes(self) -> list[str]:
        """Calls that change something."""
        calls = (self._programs / "semanage.calls").read_text().splitlines()
        return [call for call in calls if call != "port -l -n"]


def _install(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)
