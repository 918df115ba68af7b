"""All that the agent may ever need of its own installation, taken into memory before it is ready.

An upgrade of portreeve's package replaces the installation below a running agent: its files are gone, or of
another version, minutes before the new agent is started. Until then the old one guards the host. So what is
otherwise imported only where it is needed, which keeps commands quick, is imported here.
"""

import codecs
import importlib
from collections.abc import Mapping
from pathlib import Path

from portreeve import resources

MODULES = (
    "portreeve.containers.sdk",
    "portreeve.definitions.suggestions",
    "portreeve.sources.formats.env",
    "portreeve.sources.formats.ini",
    "portreeve.sources.formats.json",
    "portreeve.sources.formats.lines",
    "portreeve.sources.formats.properties",
    "portreeve.sources.formats.toml",
    "portreeve.sources.formats.unit",
    "portreeve.sources.formats.xml",
    "portreeve.sources.formats.yaml",
    "docker.errors",
    "idna",  # requests and urllib3, for names of hosts that are not ASCII
    "jinja2.debug",  # for each error in a template
    "nacl.exceptions",
    "nacl.secret",
    "re2",
    "requests",
    "urllib3",
)
"""What is imported late, by this program or by its libraries; a test knows if one is missing."""

CODECS = ("idna", "punycode", "utf-8-sig", "utf-16", "utf-32", "latin-1", "ascii")
"""Python's own files are replaced too, by an upgrade of Python; `socket` asks for the first."""


def preload() -> None:
    """Import what is otherwise imported late."""
    for name in MODULES:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)


def shipped_templates() -> Mapping[Path, str]:
    """The templates that ship with portreeve, as they are now.

    Raises:
        FileNotFoundError: they are missing, so the installation is incomplete.
    """
    folder = resources.shipped("templates")
    return {file: file.read_text(encoding="utf-8") for file in folder.rglob("*") if file.is_file()}
