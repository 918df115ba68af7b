"""The machine's own apt configuration, so that apt works in a root file system wherever it works here."""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .command import execute
from .errors import LabError

CERTIFICATES = Path("/usr/local/share/ca-certificates")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SETTINGS = re.compile(r"Acquire::(https?|Check-Valid-Until|Check-Date|ForceIPv[46]|Retries)\b")
_TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    str(KEYRING): "debian-archive-keyring",
}


@dataclass(frozen=True)
class Source:
    """One line of an apt source list: the archive and the suite in it."""

    uri: str
    suite: str


def require_tools() -> None:
    """Install what the lab runs and the machine lacks.

    Raises:
        CommandError: apt-get could not install it.
    """
    missing = {
        package
        for tool, package in _TOOLS.items()
        if not (Path(tool).exists() if tool.startswith("/") else shutil.which(tool))
    }
    if missing:
        execute("apt-get", "update", timeout=300)
        execute("apt-get", "install", "-y", "--no-install-recommends", *sorted(missing), timeout=600)


def sources(release: str) -> list[Source]:
    """The Debian archives that the machine uses, with their suites named for `release`.

    Raises:
        LabError: the machine is no Debian, or its apt knows none of Debian's archives.
    """
    system = platform.freedesktop_os_release()
    found = list(_debian_sources(system["VERSION_CODENAME"])) if system["ID"] == "debian" else []
    if not any(source.suite == "{}" for source in found):
        raise LabError("the test hosts are built from this machine's Debian archives, and its apt has none")
    return [Source(source.uri.rstrip("/"), source.suite.format(release)) for source in found]


def _debian_sources(codename: str) -> Iterator[Source]:
    suites = {codename + part: "{}" + part for part in ("", "-updates", "-security")}
    fields = "$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)"
    targets = execute("apt-get", "indextargets", "--format", fields)
    for line in dict.fromkeys(targets.stdout.splitlines()):
        kind, component, suite, uri = line.split(maxsplit=3)
        if kind == "Packages" and component == "main" and suite in suites:
            yield Source(uri, suites[suite])


def mirror(release: str) -> str:
    """The archive to bootstrap `release` from."""
    return next(source.uri for source in sources(release) if source.suite == release)


def settings() -> str:
    """The machine's apt settings that decide whether a download works: proxies, dates, retries."""
    dump = execute("apt-config", "dump").stdout
    return "".join(f"{line}\n" for line in dump.splitlines() if _SETTINGS.match(line))


def fingerprint(release: str) -> list[str]:
    """All that `configure` takes from the machine, to key a cache on."""
    certificates = [path.read_text() for path in sorted(CERTIFICATES.glob("*.crt"))]
    return [*map(str, sources(release)), settings(), *certificates]


def configure(root: Path, release: str) -> None:
    """Give `root` the machine's sources, settings and certificates; run update-ca-certificates there next."""
    lines = [f"deb {source.uri} {source.suite} main\n" for source in sources(release)]
    for path in (root / "etc/apt/sources.list.d").glob("*"):
        path.unlink()
    (root / "etc/apt/sources.list").write_text("".join(lines))
    (root / "etc/apt/apt.conf.d/90machine").write_text(settings() + 'Acquire::Languages "none";\n')
    target = root / CERTIFICATES.relative_to("/")
    target.mkdir(parents=True, exist_ok=True)
    for path in CERTIFICATES.glob("*.crt"):
        shutil.copy(path, target)
