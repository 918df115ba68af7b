"""How an error is told: what, on what evidence, and what to do, on standard error."""

import click

from portreeve.cli.text import printable
from portreeve.errors import PortreeveError


def tell(what: str, evidence: str = "", hint: str = "") -> None:
    """Print an error."""
    click.echo(f"error: {printable(what)}", err=True)
    for line in printable(evidence).splitlines():
        click.echo(f"  {line}", err=True)
    if hint:
        click.echo(f"  hint: {printable(hint)}", err=True)


def tell_error(error: PortreeveError) -> None:
    """Print an error of the family."""
    tell(error.what, error.evidence, error.hint)
