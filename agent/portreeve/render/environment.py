"""The sandbox in which templates are rendered: a missing value is an error, and no code runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from portreeve.errors import Failed, PortreeveError, Reason


class Renderer:
    """Renders templates and the templates in a definition's texts.

    Args:
        folders: where templates are found; the first that has a name wins.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader([str(folder) for folder in folders]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
        )

    def file(self, name: str, context: Mapping[str, Any]) -> str:
        """The text that a template file gives.

        Raises:
            Failed: ``template-failed``, with the template's file and line where they are known.
        """
        try:
            return self._environment.get_template(name).render(context)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, OSError) as error:
            raise _failed(f"the template {name} could not be rendered", error) from error

    def text(self, template: str, context: Mapping[str, Any]) -> str:
        """The text that a template inside a definition gives.

        Raises:
            Failed: ``template-failed``.
        """
        try:
            return self._environment.from_string(template).render(context)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise _failed(f"the text {template!r} could not be rendered", error) from error

    def places(self, name: str) -> tuple[Path, ...]:
        """Where a template may be found, existing or not: a change of any may change what is rendered."""
        return tuple(folder / name for folder in self._folders)


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
