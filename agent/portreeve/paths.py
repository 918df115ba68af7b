"""The one place for portreeve's own paths; ``PORTREEVE_ROOT`` moves them all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT_VARIABLE = "PORTREEVE_ROOT"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where portreeve's own files are.

    Args:
        root: the folder that stands for ``/``.
    """

    root: Path = Path("/")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Paths":
        """Read ``PORTREEVE_ROOT``; without it, the real root."""
        return cls(Path(environment.get(ROOT_VARIABLE) or "/"))

    @property
    def etc(self) -> Path:
        """What the administrator writes."""
        return self.root / "etc/portreeve"

    @property
    def search(self) -> tuple[Path, ...]:
        """Folders of definitions and templates; the first that has a name wins."""
        return (
            self.etc,
            self.root / "run/portreeve",
            self.root / "usr/local/lib/portreeve",
            self.root / "usr/lib/portreeve",
        )

    @property
    def state(self) -> Path:
        """State that outlives the agent."""
        return self.root / "var/lib/portreeve"

    @property
    def database(self) -> Path:
        """The state file (SQLite)."""
        return self.state / "state.sqlite"

    @property
    def secrets_key(self) -> Path:
        """What seals secrets in the state file; it is there once there was one."""
        return self.state / "secrets.key"

    @property
    def pending(self) -> Path:
        """Marks of packages that were changed, until what they touch is proved again."""
        return self.state / "pending"

    @property
    def uninstalled(self) -> Path:
        """There when an uninstall has put everything back; the next agent lets the syncs follow again."""
        return self.state / "uninstalled"

    @property
    def lock(self) -> Path:
        """Held by whoever works on the state: one agent at a time."""
        return self.state / "lock"

    @property
    def runtime(self) -> Path:
        """Sockets."""
        return self.root / "run/portreeve"

    @property
    def public_socket(self) -> Path:
        """Reading: status, waiting, metrics."""
        return self.runtime / "public.sock"

    @property
    def control_socket(self) -> Path:
        """Acting, and reading what only root may read."""
        return self.runtime / "control.sock"

    @property
    def units(self) -> Path:
        """Where generated unit files and drop-ins go."""
        return self.root / "etc/systemd/system"

    @property
    def vendor_units(self) -> Path:
        """Where a package of portreeve has its units."""
        return self.root / "usr/lib/systemd/system"
