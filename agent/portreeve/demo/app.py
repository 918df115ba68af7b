"""The container of the demo: an application that keeps its port in a file of a named volume."""

import shutil
import tarfile
from io import BytesIO
from pathlib import Path

from portreeve.demo.engine import Engine
from portreeve.demo.places import CONTAINER, IMAGE, VOLUME, Places
from portreeve.errors import Failed, Reason

FOLDER = "/etc/app"
FILE = "config.ini"
_APPLETS = ("sh", "sleep", "cat", "printf", "date")
# It writes its port, if it was given one, and then does nothing until it is told to end.
_PROGRAM = (
    f'[ -z "$PORT" ] || printf "[app]\\nport = %s\\n" "$PORT" >{FOLDER}/{FILE}; '
    "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"
)


class App:
    """An application in a container.

    Args:
        engine: where it runs.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make_image(self, places: Places) -> None:
        """Make an image of the host's static busybox and import it; no registry is asked.

        Raises:
            Failed: there is no busybox, or Docker does not take it.
        """
        busybox = shutil.which("busybox")
        if busybox is None:
            raise Failed(Reason.FILE_ABSENT, "there is no busybox", hint="apt-get install busybox-static")
        with tarfile.open(places.image, "w") as archive:
            for folder in ("bin", "etc", "etc/app"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            program = tarfile.TarInfo("bin/busybox")
            data = Path(busybox).read_bytes()
            program.size, program.mode = len(data), 0o755
            archive.addfile(program, BytesIO(data))
            for name in _APPLETS:
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
        self._engine.docker("import", str(places.image), IMAGE)

    def start(self, port: int) -> str:
        """Make and start the container; returns the command as a person would type it."""
        options = (
            *("-d", "--name", CONTAINER, "--network", "none"),
            *("-v", f"{VOLUME}:{FOLDER}", "-e", f"PORT={port}", IMAGE),
        )
        self._engine.docker("run", *options, "sh", "-c", _PROGRAM)
        return f"docker run {' '.join(options)}"

    def remove(self) -> str:
        """Remove the container; the volume stays. Returns the command."""
        self._engine.docker("rm", "-f", CONTAINER)
        return f"docker rm -f {CONTAINER}"

    def shell(self, script: str) -> str:
        """Run a line of shell in the container; returns the command."""
        self._engine.docker("exec", CONTAINER, "sh", "-c", script)
        return f"docker exec {CONTAINER} sh -c '{script}'"

    def set_port(self, port: int) -> str:
        """Have the application write its file in place: truncate, then write. Returns the command."""
        return self.shell(f'printf "[app]\\nport = %s\\n" {port} >{FOLDER}/{FILE}')

    def truncate(self) -> str:
        """Have the application empty its file. Returns the command."""
        return self.shell(f": >{FOLDER}/{FILE}")

    @property
    def config(self) -> Path:
        """The file as the host sees it."""
        folder = self._engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", VOLUME)
        return Path(folder) / FILE

    def clear(self) -> None:
        """Remove all that was made in the engine, also by a demo that was killed."""
        self._engine.try_docker("rm", "-f", CONTAINER)
        self._engine.try_docker("volume", "rm", "-f", VOLUME)
        self._engine.try_docker("image", "rm", "-f", IMAGE)
