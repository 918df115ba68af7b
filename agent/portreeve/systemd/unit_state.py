"""What systemd knows of a unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_LIMIT_RESULTS = frozenset({"start-limit-hit", "trigger-limit-hit", "service-start-limit-hit"})
"""``Result`` of a unit that systemd will not start for a while; sockets have limits of their own."""

_ACTIVE = frozenset({"active", "reloading", "refreshing"})


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit's properties, as org.freedesktop.systemd1(5) names them.

    Args:
        name: the unit's own name, where an alias was asked for.
        load_state: ``loaded``, ``not-found``, ``masked``, ``bad-setting``, ``error``.
        active_state: ``active``, ``inactive``, ``failed``, ``activating``, ``deactivating``, ``reloading``.
        sub_state: finer, of the unit's kind (``running``, ``listening``, ``auto-restart``).
        unit_file_state: ``enabled``, ``disabled``, ``static``, ``masked``; empty without a file.
        result: how it ended last (``success``, ``exit-code``, ``start-limit-hit``); empty where
            its kind has none.
        control_group: its control group; empty while it has none.
        main_pid: the main process; 0 while there is none.
        listen: addresses of a socket unit (``[::]:9090``).
        triggers: units that it starts: of a socket, the service that inherits it.
        drop_ins: its drop-ins, in the order in which systemd has read them.
    """

    name: str
    load_state: str
    active_state: str
    sub_state: str
    unit_file_state: str
    result: str
    control_group: str
    main_pid: int
    listen: tuple[str, ...]
    triggers: tuple[str, ...]
    drop_ins: tuple[Path, ...]

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> "UnitState":
        """Pick what is wanted from all properties of all interfaces."""
        return cls(
            name=properties["Id"],
            load_state=properties["LoadState"],
            active_state=properties["ActiveState"],
            sub_state=properties["SubState"],
            unit_file_state=properties.get("UnitFileState", ""),
            result=properties.get("Result", ""),
            control_group=properties.get("ControlGroup", ""),
            main_pid=properties.get("MainPID", 0),
            listen=tuple(address for kind, address in properties.get("Listen", ()) if kind == "Stream"),
            triggers=tuple(properties.get("Triggers", ())),
            drop_ins=tuple(map(Path, properties["DropInPaths"])),
        )

    @property
    def active(self) -> bool:
        """It is up, by the test of ``systemctl is-active``."""
        return self.active_state in _ACTIVE

    def listens_on(self, port: int) -> bool:
        """Whether one of its addresses has the TCP port."""
        return any(
            not address.startswith("/") and address.rpartition(":")[2] == str(port) for address in self.listen
        )

    def describe(self) -> str:
        """One line for people."""
        line = f"{self.name} is {self.active_state} ({self.sub_state})"
        return f"{line}, result {self.result}" if self.result not in {"", "success"} else line
