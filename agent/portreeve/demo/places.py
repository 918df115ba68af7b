"""The one folder in which the demo keeps everything, and the names of what it makes outside of it."""

from dataclasses import dataclass
from pathlib import Path

from portreeve.paths import Paths

SYNC = "demo"
SERVICE = "portreeve-demo.service"
CONTAINER = "portreeve-demo-app"
VOLUME = "portreeve-demo-config"
IMAGE = "portreeve-demo:1"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are.

    Args:
        folder: made by install.sh, which also removes it. Short, since paths of sockets may have 108 bytes,
            and not below /tmp, which the agent's unit does not see (``PrivateTmp=``).
    """

    folder: Path

    @property
    def root(self) -> Path:
        """What the agent takes for ``/``, so that an installed portreeve does not notice."""
        return self.folder / "root"

    @property
    def paths(self) -> Paths:
        """The files of the demo's agent."""
        return Paths(self.root)

    @property
    def target(self) -> Path:
        """The file of the host that follows the container."""
        return self.folder / "host.conf"

    @property
    def engine(self) -> Path:
        """Of a Docker engine that is started for the demo alone."""
        return self.folder / "docker"

    @property
    def image(self) -> Path:
        """The image as an archive."""
        return self.folder / "image.tar"

    @property
    def runtime_units(self) -> Path:
        """Where units live until the next boot; see systemd.unit(5)."""
        return Path("/run/systemd/system")
