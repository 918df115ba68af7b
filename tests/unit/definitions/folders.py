"""The folders of a host that definitions are read from, and a sync that is right."""

from pathlib import Path

from portreeve.definitions.load import load
from portreeve.definitions.model import Definitions
from portreeve.paths import Paths

GOOD_SYNC = """\
[sources.app]
container = "app"
volume = "app_config"
path = "config.ini"

[values]
port = { source = "app", key = "web.port", type = "port" }

[[targets]]
path = "/etc/app.conf"
template = "app.j2"

[[apply]]
restart = "app.service"
"""


class Host:
    """The folders of a host that definitions are read from."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root)
        self.etc, self.run, self.local, self.vendor = self.paths.search
        self.write(self.etc / "templates/app.j2", "port {{ port }}\n")

    def write(self, file: Path, text: str) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def sync(self, text: str, name: str = "app") -> Path:
        return self.write(self.etc / f"syncs.d/{name}.toml", text)

    def service(self, text: str, name: str = "app") -> Path:
        return self.write(self.etc / f"services.d/{name}.toml", text)

    def container(self, text: str, name: str = "app") -> Path:
        return self.write(self.etc / f"containers.d/{name}.toml", text)

    def settings(self, text: str) -> Path:
        return self.write(self.etc / "portreeve.toml", text)

    def load(self) -> Definitions:
        return load(self.paths)

    def messages(self) -> list[str]:
        return [problem.message for problem in self.load().problems]
