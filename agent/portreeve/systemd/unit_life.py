"""What systemd knows of a unit's life: how it stands, since when, and what goes and comes with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STOPS = ("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo")
"""Properties that name what systemd stops in the transaction that stops the unit
(``UNIT_ATOM_PROPAGATE_STOP`` in unit-dependency-atom.c of systemd 252 and 257)."""

_STARTS = ("Wants", "Upholds")
_UNKNOWN_SIZE = (1 << 64) - 1
_ACTIVE = frozenset({"active", "reloading", "refreshing"})


@dataclass(frozen=True, slots=True)
class UnitLife:
    """A unit's properties, as org.freedesktop.systemd1(5) names them. Times are wall-clock seconds, 0: never.

    systemd forgets a unit that is inactive and that nothing refers to, its times with it.

    Args:
        name: the unit's own name, where an alias was asked for.
        load_state: ``loaded``, ``not-found``, ``masked``, ``bad-setting``, ``error``.
        active_state: ``active``, ``inactive``, ``failed``, ``activating``, ``deactivating``, ``reloading``.
        sub_state: finer, of the unit's kind (``running``, ``exited``, ``auto-restart``).
        unit_file_state: ``enabled``, ``disabled``, ``static``, ``masked``; empty without a file.
        result: how it ended last (``success``, ``exit-code``, ``oom-kill``, ``start-limit-hit``).
        job: a job for it is waiting or running.
        main_pid: the main process; 0 while there is none.
        exit_status: of the main process's last run, or the number of the signal that ended it.
        control_group: its control group; empty while it has none.
        memory: bytes that its processes use together; ``None`` where nothing counts them.
        auto_restarts: restarts by systemd itself since somebody started it.
        restart_policy: when systemd restarts it (``no``, ``on-failure``); empty where its kind has none.
        invocation: identifies its present or last run; empty when it is not known.
        active_since: when it last became active.
        ended_at: when it last became inactive or failed.
        changed_at: when its state last changed.
        stops: units that systemd stops along with it.
        starts: units that systemd starts along with it.
        wanted_by: units that start it along.
    """

    name: str
    load_state: str
    active_state: str
    sub_state: str
    unit_file_state: str
    result: str
    job: bool
    main_pid: int
    exit_status: int
    control_group: str
    memory: int | None
    auto_restarts: int
    restart_policy: str
    invocation: str
    active_since: float
    ended_at: float
    changed_at: float
    stops: tuple[str, ...]
    starts: tuple[str, ...]
    wanted_by: tuple[str, ...]

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> "UnitLife":
        """Pick what is wanted from all properties of all interfaces."""
        return cls(
            name=properties["Id"],
            load_state=properties["LoadState"],
            active_state=properties["ActiveState"],
            sub_state=properties["SubState"],
            unit_file_state=properties.get("UnitFileState", ""),
            result=properties.get("Result", ""),
            job=bool(properties.get("Job", (0, "/"))[0]),
            main_pid=properties.get("MainPID", 0),
            exit_status=properties.get("ExecMainStatus", 0),
            control_group=properties.get("ControlGroup", ""),
            memory=_size(properties.get("MemoryCurrent", _UNKNOWN_SIZE)),
            auto_restarts=properties.get("NRestarts", 0),
            restart_policy=properties.get("Restart", ""),
            invocation=bytes(properties.get("InvocationID", b"")).hex(),
            active_since=_seconds(properties.get("ActiveEnterTimestamp", 0)),
            ended_at=_seconds(properties.get("InactiveEnterTimestamp", 0)),
            changed_at=_seconds(properties.get("StateChangeTimestamp", 0)),
            stops=_units(properties, _STOPS),
            starts=_units(properties, _STARTS),
            wanted_by=_units(properties, ("WantedBy", "RequiredBy", "UpheldBy")),
        )

    @property
    def active(self) -> bool:
        """It is up, by the test of ``systemctl is-active``."""
        return self.active_state in _ACTIVE

    @property
    def usable(self) -> bool:
        """It has a unit file that can be started: it is neither absent nor masked nor wrong."""
        return self.load_state == "loaded"

    def describe(self) -> str:
        """One line for people."""
        line = f"{self.name} is {self.active_state} ({self.sub_state})"
        return f"{line}, result {self.result}" if self.result not in {"", "success"} else line


def _units(properties: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit for name in names for unit in properties.get(name, ())))


def _seconds(microseconds: int) -> float:
    return microseconds / 1e6


def _size(size: int) -> int | None:
    return None if size == _UNKNOWN_SIZE else size
