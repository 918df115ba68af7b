"""The sandbox in which templates are rendered: a missing value is an error, and no code runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FunctionLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

from portreeve.errors import Failed, PortreeveError, Reason
from portreeve.render.lint import find_template
from portreeve.render.marks import UnfitError
from portreeve.render.sandbox import sandbox
from portreeve.render.syntax import Syntax, settle, syntax_of


class Renderer:
    """Renders templates and the templates in a definition's texts.

    Args:
        folders: where templates are found; the first that has a name wins.
        read: reads a template's file, whole; a half-written one would be a template too.
        kept: the texts of files that are not read, whatever has become of them.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        read: Callable[[Path], str] = Path.read_text,
        kept: Mapping[Path, str] | None = None,
    ) -> None:
        self._read = read
        self._kept = kept or {}
        self._folders = tuple(folders)
        self._environment = sandbox(FunctionLoader(self._load))

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """Like jinja2's own loader, which would not notice that a folder of higher rank got the template."""
        found = self._find(name)
        if found is None:
            return None
        if found in self._kept:
            return self._kept[found], str(found), lambda: self._find(name) == found
        stamp = _stamp(found)
        return self._read(found), str(found), lambda: self._find(name) == found and _stamp(found) == stamp

    def _find(self, name: str) -> Path | None:
        return find_template(name, self._folders, self._kept)

    def file(self, name: str, context: Mapping[str, Any], path: str = "") -> str:
        """The text that a template file gives.

        Args:
            name: of the template.
            context: what it may use.
            path: of the file that it is for; its name tells how values are written.

        Raises:
            Failed: ``template-failed``, with the template's file and line where they are known.
        """
        try:
            rendered = self._environment.get_template(name).render(context)
            return settle(rendered, syntax_of(path, name))
        except UnfitError as error:
            raise _unfit(f"the template {name} could not be rendered", error, context) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, OSError) as error:
            raise _failed(f"the template {name} could not be rendered", error) from error

    def text(self, template: str, context: Mapping[str, Any]) -> str:
        """The text that a template inside a definition gives.

        Raises:
            Failed: ``template-failed``.
        """
        try:
            return settle(self._environment.from_string(template).render(context), None)
        except UnfitError as error:
            raise _unfit(f"the text {template!r} could not be rendered", error, context) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _failed(f"the text {template!r} could not be rendered", error) from error

    def setting(self, key: str, template: str, context: Mapping[str, Any]) -> str:
        """What a template inside a definition gives for one setting of a unit file.

        Raises:
            Failed: ``template-failed``.
        """
        begin = f"{key}="
        try:
            rendered = self._environment.from_string(template).render(context)
            return settle(begin + rendered, Syntax.UNIT).removeprefix(begin)
        except UnfitError as error:
            raise _unfit(f"the text {template!r} could not be rendered", error, context) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _failed(f"the text {template!r} could not be rendered", error) from error

    def places(self, name: str) -> tuple[Path, ...]:
        """Where a template may be found, existing or not: a change of any may change what is rendered."""
        return tuple(folder / name for folder in self._folders)


def _stamp(path: Path) -> tuple[int, ...]:
    facts = path.stat()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _failed(what: str, error: Exception) -> PortreeveError:
    if isinstance(error, TemplateNotFound):
        evidence = f"{error.name}: no such template on the search path"
    elif isinstance(error, TemplateSyntaxError):
        evidence = f"{error.filename or 'line'}:{error.lineno}: {error.message}"
    else:
        evidence = str(error) or type(error).__name__
    return Failed(
        Reason.TEMPLATE_FAILED,
        what,
        evidence=evidence,
        hint="`portreeve check` shows templates with their mistakes",
        step="render",
    )


def _unfit(what: str, error: UnfitError, context: Mapping[str, Any]) -> PortreeveError:
    """The error, with the value called by its name; what it is would be too much for a secret."""
    return Failed(
        Reason.TEMPLATE_FAILED,
        what,
        evidence=f"{_name(error.value, context)} {error}",
        hint="a value is printed plain, or by the filter of the file's syntax: `unit`, `nginx` or `env`",
        step="render",
    )


def _name(value: str, context: Mapping[str, Any]) -> str:
    for name, found in context.items():
        if isinstance(found, str) and found == value:
            return f"the value `{name}`"
        for item in found if isinstance(found, tuple) else ():
            inner = item.items() if isinstance(item, Mapping) else (("", item),)
            for key, part in inner:
                if part == value:
                    return _of(item, key, name) if isinstance(item, Mapping) else f"an item of `{name}`"
    return "what is printed"


def _of(item: Mapping[str, Any], key: str, name: str) -> str:
    return f"`{key}` of {item['name']!r} in `{name}`" if "name" in item else f"`{key}` of one in `{name}`"
