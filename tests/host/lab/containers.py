"""Containers on a host: a one-megabyte image, and Websoft9's AppHub with its configuration in a volume."""

from __future__ import annotations

from .command import Result
from .guest import Guest
from .places import CHECKOUT

IMAGE = "lab/busybox:1"
APPHUB_IMAGE = CHECKOUT / "tests/fakes/images/apphub"
CONFIG_FOLDER = "/websoft9/apphub/src/config"
CONFIG = (APPHUB_IMAGE / "config.ini").read_text()
# ends at once on SIGTERM, as a good process 1 does
KEEP_RUNNING = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"
_IMAGE_FOLDER = """
folder=$(mktemp -d)
mkdir -p "$folder"/bin "$folder"/etc "$folder"/tmp "$folder"/usr/local/bin
cp "$(command -v busybox)" "$folder/bin/busybox"
for name in $(busybox --list | grep -vx busybox); do ln -s busybox "$folder/bin/$name"; done
echo root:x:0:0:root:/:/bin/sh >"$folder/etc/passwd"
install -m 755 /dev/stdin "$folder/usr/local/bin/apphub"
tar -C "$folder" -c . | docker import --change 'CMD ["sh", "-c", "'"$2"'"]' - "$1"
rm -r "$folder"
"""
_RENAMES = """
import http.client, socket, sys
class Docker(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/docker.sock")
docker = Docker("docker")
for number in range(int(sys.argv[2])):
    # A rename is one event.
    docker.request("POST", f"/containers/{sys.argv[1]}/rename?name=noise-{number}")
    answer = docker.getresponse()
    answer.read()
    assert answer.status == 204, answer.status
"""


class Containers:
    """Docker on a guest, by its own command line.

    Args:
        guest: where it runs.
        options: options that come before every command, `-H unix://…` for another daemon.
    """

    def __init__(self, guest: Guest, *options: str) -> None:
        self.guest = guest
        self._options = options

    def docker(self, *argv: str, check: bool = True, timeout: float = 60.0) -> Result:
        """Run `docker ARGV…`; errors are those of Guest.run."""
        return self.guest.run("docker", *self._options, *argv, check=check, timeout=timeout)

    def import_busybox_image(self, tag: str = IMAGE) -> str:
        """Make the image out of the guest's static busybox and AppHub's stand-in; return its tag."""
        script = _IMAGE_FOLDER.replace("docker import", " ".join(("docker", *self._options, "import")))
        apphub = (APPHUB_IMAGE / "apphub").read_text()
        self.guest.run("bash", "-euo", "pipefail", "-c", script, "bash", tag, KEEP_RUNNING, input=apphub)
        return tag

    def run(self, name: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """Start a container in the background with `docker run` options; return its id."""
        return self.docker("run", "-d", "--name", name, *options, IMAGE, *command).stdout.strip()

    def inspect(self, name: str, template: str) -> str:
        """One value of a container's inspect, by a Go template."""
        return self.docker("inspect", "--type", "container", "--format", template, name).stdout.strip()

    def state(self, name: str) -> str:
        """Docker's word for the container's state; empty when there is none."""
        template = "{{.State.Status}}"
        shown = self.docker("inspect", "--type", "container", "--format", template, name, check=False)
        return shown.stdout.strip()

    def make_events(self, container: str, count: int) -> None:
        """Have the machine's Docker tell of something, quickly and often; the container gets other names."""
        self.guest.run("python3", "-c", _RENAMES, container, str(count))

    def volume_path(self, volume: str) -> str:
        """Where the volume lies on the guest."""
        return self.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume).stdout.strip()


def run_apphub(
    containers: Containers,
    port: int = 9000,
    name: str = "websoft9-apphub",
    volume: str = "websoft9_apphub_config",
    network: str = "bridge",
) -> AppHub:
    """Make the volume with AppHub's configuration, and start a container on it.

    Args:
        containers: the Docker to do it with; its image must be imported.
        port: the port for Cockpit in its config.ini.
        name: the container's name.
        volume: the volume's name.
        network: Docker's network mode; `none` where the daemon has no bridge.
    """
    apphub = AppHub(containers, name, volume, network)
    containers.docker("volume", "create", volume)
    folder = apphub.volume_path
    containers.guest.write(f"{folder}/config.ini", CONFIG.replace("@PORT@", str(port)))
    containers.guest.write(f"{folder}/system.ini", "[version]\nversion = 2.2.17\n")
    containers.guest.write(f"{folder}/initialized", "")
    apphub.create()
    return apphub


class AppHub:
    """Websoft9's AppHub as far as the host sees it: a container and a configuration in a named volume."""

    def __init__(self, containers: Containers, name: str, volume: str, network: str) -> None:
        self.containers = containers
        self.name = name
        self.volume = volume
        self._network = network

    @property
    def volume_path(self) -> str:
        """The volume's folder on the guest."""
        return self.containers.volume_path(self.volume)

    @property
    def config_path(self) -> str:
        """The config.ini on the guest."""
        return f"{self.volume_path}/config.ini"

    @property
    def id(self) -> str:
        """The container's id."""
        return self.containers.inspect(self.name, "{{.Id}}")

    def create(self) -> str:
        """Start a new container on the volume as it is; return its id."""
        return self.containers.run(
            *(self.name, "--restart=always", f"--network={self._network}"),
            *("-v", f"{self.volume}:{CONFIG_FOLDER}", "--label=owner=websoft9"),
            *("--label=com.docker.compose.project=websoft9", "--label=com.docker.compose.service=apphub"),
        )

    def stop(self) -> None:
        """Stop the container."""
        self.containers.docker("stop", self.name)

    def start(self) -> None:
        """Start it again."""
        self.containers.docker("start", self.name)

    def restart(self) -> None:
        """Stop and start it."""
        self.containers.docker("restart", self.name)

    def rm(self) -> None:
        """Remove the container; the volume stays."""
        self.containers.docker("rm", "-f", self.name)

    def recreate(self) -> str:
        """Remove it and start a new one on the same volume; return the new id."""
        self.rm()
        return self.create()

    def config(self, port: int | str) -> str:
        """The text of a config.ini with this port."""
        return CONFIG.replace("@PORT@", str(port))

    def set_port_in_place(self, port: int | str) -> None:
        """Truncate and write config.ini as AppHub's own command does; the container may be stopped."""
        self.containers.guest.write(self.config_path, self.config(port))

    def set_port_atomic(self, port: int | str) -> None:
        """Replace config.ini by renaming a new file over it."""
        self.containers.guest.atomic_replace(self.config_path, self.config(port))

    def setconfig(self, section: str, key: str, value: str) -> Result:
        """Change one value from within the running container, with the stand-in of AppHub's command."""
        arguments = ("--section", section, "--key", key, "--value", value)
        return self.containers.docker("exec", "-i", self.name, "apphub", "setconfig", *arguments, check=False)
