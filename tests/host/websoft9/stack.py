"""The containers of Websoft9 2.2.x on a host: up, down, and what they were told and do."""

from __future__ import annotations

import configparser
import json
import re
import secrets
from pathlib import Path

from host.lab.command import Result
from host.lab.containers import APPHUB_IMAGE, Containers
from host.lab.machine import Host

IMAGE = "lab/websoft9:1"
BUILD = "/srv/websoft9-image"
APPHUB, DEPLOYMENT = "websoft9-apphub", "websoft9-deployment"
GIT, PROXY = "websoft9-git", "websoft9-proxy"
CONFIG, VARIABLES, DATA = "websoft9_apphub_config", "websoft9_nginx_var", "websoft9_nginx_data"
CONSOLE = 9000
"""The port on which people reach the console, and Cockpit through the proxy."""

CREDENTIALS = {
    GIT: ("websoft9_gitea", "gitea/credential"),
    DEPLOYMENT: ("websoft9_portainer", "credential"),
    PROXY: (DATA, "credential"),
}
"""Where each service leaves its credential: volume, and path in it."""

SECTIONS = {GIT: "gitea", DEPLOYMENT: "portainer", PROXY: "nginx_proxy_manager"}
"""Where AppHub's config.ini has it."""

# In the order of compose's depends_on, as `docker compose -p websoft9 up -d` names and labels them.
_UP = """
image=$1 apphub_delay=$2 proxy_delay=$3 console=$4
docker network inspect websoft9 >/dev/null 2>&1 || docker network create websoft9 >/dev/null
begin() {
    local service=$1
    shift
    docker run -d --name "websoft9-$service" --network websoft9 --restart always --label owner=websoft9 \\
        --label com.docker.compose.project=websoft9 --label "com.docker.compose.service=$service" \\
        "$@" >/dev/null
}
socket=/var/run/docker.sock
begin deployment -v websoft9_portainer:/data -v $socket:$socket "$image" start-deployment
begin git -v websoft9_gitea:/data "$image" start-git
begin proxy -v websoft9_nginx_data:/data -v websoft9_nginx_letsencrypt:/etc/letsencrypt \\
    -v websoft9_nginx_var:/etc/custom -p "$console:9000" -e "START_DELAY=$proxy_delay" "$image" start-proxy
begin apphub -v websoft9_apphub_logs:/websoft9/apphub/logs \\
    -v websoft9_apphub_config:/websoft9/apphub/src/config -v $socket:$socket \\
    -e "START_DELAY=$apphub_delay" "$image" start-apphub
"""


class Stack:
    """The four containers, their volumes and their network.

    Args:
        host: with Docker; it may have portreeve or not.
        console: the host's port on which the proxy is reached.
    """

    def __init__(self, host: Host, console: int = CONSOLE) -> None:
        self.host = host
        self.console = console
        self.containers = Containers(host)

    def build(self) -> None:
        """Make the image."""
        here = Path(__file__).parent / "image"
        self.host.copy_in(here, BUILD)
        self.host.write(f"{BUILD}/config.ini", (APPHUB_IMAGE / "config.ini").read_text())
        self.host.write(f"{BUILD}/apphub-command", (APPHUB_IMAGE / "apphub").read_text(), 0o755)
        self.host.run(f"{BUILD}/build", IMAGE, f"{BUILD}/apphub-command")

    def up(self, apphub_delay: float = 0, proxy_delay: float = 0) -> None:
        """Make and start all of them, as `docker compose up -d` does.

        Args:
            apphub_delay: seconds from the start of AppHub's container until its command works.
            proxy_delay: seconds from the start of the proxy's container until nginx begins.
        """
        self.host.shell(_UP, IMAGE, f"{apphub_delay:g}", f"{proxy_delay:g}", str(self.console))

    def down(self) -> None:
        """Remove the containers and the network, as `docker compose down` does; the volumes stay."""
        self.containers.docker("rm", "-f", APPHUB, PROXY, GIT, DEPLOYMENT)
        self.containers.docker("network", "rm", "websoft9")

    def restart(self, *names: str) -> None:
        """Stop and start containers, one after the other."""
        self.containers.docker("restart", *names)

    def apphub(self, command: str, section: str, key: str, *value: str, check: bool = True) -> Result:
        """AppHub's own command, `getconfig` or `setconfig`, as the host calls it."""
        options = ("--section", section, "--key", key, *(("--value", *value) if value else ()))
        return self.containers.docker("exec", "-i", APPHUB, "apphub", command, *options, check=check)

    def setconfig(self, section: str, key: str, value: str) -> None:
        """Change one value of config.ini in the running container."""
        self.apphub("setconfig", section, key, value)

    def choose_port(self, port: int) -> None:
        """Choose Cockpit's port, as somebody does in AppHub."""
        self.setconfig("cockpit", "port", str(port))

    def age(self, name: str) -> int:
        """Seconds since a container was started."""
        began = self.containers.inspect(name, "{{.State.StartedAt}}")
        return int(self.host.shell('echo $(($(date +%s) - $(date -d "$1" +%s)))', began).stdout)

    def apphub_is_ready(self) -> bool:
        """Whether AppHub's command answers."""
        return self.apphub("getconfig", "cockpit", "port", check=False).code == 0

    def file(self, volume: str, path: str) -> str:
        """A path on the host of a file in a volume."""
        return f"{self.containers.volume_path(volume)}/{path}"

    @property
    def config_path(self) -> str:
        """AppHub's config.ini on the host."""
        return self.file(CONFIG, "config.ini")

    def config(self) -> configparser.ConfigParser:
        """What AppHub's config.ini says now."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(self.host.read(self.config_path))
        return parser

    def chosen_port(self) -> int:
        """Cockpit's port by config.ini."""
        return int(self.config()["cockpit"]["port"])

    def proxy_port(self) -> int:
        """The port to which the proxy's file sends people who want Cockpit."""
        found = re.fullmatch(
            r"\s*set \$cockpit_port (\d+);\s*", self.uncommented(VARIABLES, "custom_var.conf")
        )
        assert found, self.host.read(self.file(VARIABLES, "custom_var.conf"))
        return int(found.group(1))

    def uncommented(self, volume: str, path: str) -> str:
        """A configuration file of nginx without its comments."""
        return re.sub(r"(?m)^\s*#.*\n", "", self.host.read(self.file(volume, path)))

    def through_proxy(self, path: str = "/ping") -> int:
        """What the proxy answers to who wants Cockpit: 502 where it does not find it, 0 for nothing."""
        argv = ("curl", "-sk", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}")
        return int(self.host.run(*argv, f"https://127.0.0.1:{self.console}{path}", check=False).stdout or 0)

    def served_certificate(self) -> str:
        """The fingerprint of the certificate that the proxy shows; empty when it shows none."""
        script = 'openssl s_client -connect "$1" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint'
        return self.host.shell(script, f"127.0.0.1:{self.console}", check=False).stdout.strip()

    def reloads(self) -> int:
        """How often nginx was reloaded since the proxy's container was made."""
        ran = self.containers.docker("logs", PROXY)
        return (ran.stdout + ran.stderr).count("(SIGHUP) received")

    def credential(self, name: str) -> dict[str, str]:
        """The credential that a container left: username and password."""
        text = self.host.read(self.file(*CREDENTIALS[name]))
        if not text.startswith("{"):
            return {"username": "admin", "password": text}
        found: dict[str, str] = json.loads(text)
        return {key: found[key] for key in ("username", "password")}

    def change_credential(self, name: str) -> dict[str, str]:
        """Leave a new password in the container's file, in place, and return the credential."""
        file = self.file(*CREDENTIALS[name])
        old = self.credential(name)
        new = {**old, "password": f"{secrets.token_hex(12)}@$()_"}
        self.host.write(file, self.host.read(file).replace(old["password"], new["password"]))
        return new

    def known_to_apphub(self, name: str) -> dict[str, str]:
        """The credential that AppHub signs in with."""
        section = self.config()[SECTIONS[name]]
        return {"username": section["user_name"], "password": section["user_pwd"]}
