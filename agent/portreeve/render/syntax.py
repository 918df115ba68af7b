"""In which syntax a file is, and writing the values of a rendered text as that syntax wants them."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Protocol

from portreeve.render.env import EnvWriter
from portreeve.render.marks import MARK, UnfitError
from portreeve.render.nginx import NginxWriter
from portreeve.render.unit import UnitWriter


class Syntax(StrEnum):
    """The syntaxes in which values are looked after; each is the name of a filter too."""

    UNIT = "unit"
    NGINX = "nginx"
    ENV = "env"


class Writer(Protocol):
    """Goes through a file from its beginning and writes the values in it."""

    def text(self, text: str) -> None:
        """Go past text of the file."""

    def value(self, value: str, filtered: bool, following: str) -> str:
        """How a value is written at this place.

        Args:
            value: what is to be read back.
            filtered: it was printed with the filter of the syntax; else it has to be plain.
            following: the next character of the file; empty at its end.

        Raises:
            UnfitError: there is no way, or none is known.
        """


_WRITERS: dict[Syntax, Callable[[], Writer]] = {
    Syntax.UNIT: UnitWriter,
    Syntax.NGINX: NginxWriter,
    Syntax.ENV: EnvWriter,
}

_UNIT = re.compile(r".*\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|container)")
_NGINX_FOLDERS = ("sites-available", "sites-enabled", "snippets")


def syntax_of(path: str, template: str) -> Syntax | None:
    """The syntax of a file, as far as names tell.

    Args:
        path: where the file is, or as much of it as is known.
        template: the template's name, which counts where the path tells nothing.
    """
    return _of_name(PurePosixPath(path)) or _of_name(PurePosixPath(template.removesuffix(".j2")))


def _of_name(path: PurePosixPath) -> Syntax | None:
    if path.name == ".env" or path.suffix == ".env" or path.parts[:3] in _ENV_FOLDERS:
        return Syntax.ENV
    if "nginx" in path.parts[:-1] and (path.suffix == ".conf" or path.parent.name in _NGINX_FOLDERS):
        return Syntax.NGINX
    if path.name.startswith("nginx") and path.suffix == ".conf":
        return Syntax.NGINX
    if _UNIT.fullmatch(path.name) or "systemd" in path.parts[:-1]:
        return Syntax.UNIT
    return None


_ENV_FOLDERS = (("/", "etc", "default"), ("/", "etc", "sysconfig"), ("/", "etc", "environment"))


def settle(text: str, syntax: Syntax | None) -> str:
    """A rendered text with each value written as the syntax wants it.

    Args:
        text: with marks.
        syntax: of the file; ``None`` when that is not known, then it is that of the filters in use.

    Raises:
        UnfitError: a value cannot be written at its place.
    """
    used = {Syntax(found["filter"]) for found in MARK.finditer(text) if found["filter"]}
    syntax = syntax or next(iter(sorted(used)), None)
    if syntax is None:
        return MARK.sub(lambda found: found["value"], text)
    writer = _WRITERS[syntax]()
    pieces: list[str] = []
    end = 0
    for found in MARK.finditer(text):
        pieces.append(text[end : found.start()])
        writer.text(pieces[-1])
        end = found.end()
        if found["filter"] not in ("", syntax):
            raise UnfitError(
                f"is printed with the filter `{found['filter']}`, and the file is in the syntax `{syntax}`",
                found["value"],
            )
        try:
            pieces.append(writer.value(found["value"], bool(found["filter"]), text[end : end + 1]))
        except UnfitError as error:
            raise UnfitError(f"{error}{_where(''.join(pieces))}", found["value"]) from None
        writer.text(pieces[-1])
    return "".join([*pieces, text[end:]])


def _where(before: str) -> str:
    line = before.rpartition("\n")[2].strip()
    return f", in line {before.count(chr(10)) + 1}" + (f" after `{line[-60:]}`" if line else "")
