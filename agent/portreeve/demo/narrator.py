"""What a person reads: headings, commands with what they printed, a mark for each thing that must hold."""

import textwrap

import click

from portreeve.errors import Failed, Reason

WIDTH = 78


class Narrator:
    """Tells the story; the first thing that does not hold ends it."""

    def __init__(self) -> None:
        self._act = 0

    def title(self, text: str) -> None:
        """The demo's name."""
        click.echo()
        click.secho(text, bold=True)
        click.echo("=" * len(text))

    def fact(self, label: str, text: str) -> None:
        """One piece of the scenery."""
        first, *more = textwrap.wrap(text, WIDTH - 15, break_on_hyphens=False) or [""]
        click.echo(f"  {label:<10} {first}")
        for line in more:
            click.echo(f"{'':<15}{line}")

    def act(self, text: str) -> None:
        """Begin the next act."""
        self._act += 1
        click.echo()
        click.secho(f"Act {self._act}: {text}", bold=True)

    def heading(self, text: str) -> None:
        """What is not an act."""
        click.echo()
        click.secho(text, bold=True)

    def command(self, command: str, output: str = "") -> None:
        """A command that was just run, and what it printed."""
        folded = textwrap.wrap(command, WIDTH - 6, break_on_hyphens=False, break_long_words=False)
        click.secho("  $ " + " \\\n      ".join(folded), fg="cyan")
        self.output(output)

    def output(self, text: str) -> None:
        """Lines as a program printed them, folded where they are too long for a narrow terminal."""
        for line in text.rstrip("\n").splitlines():
            hanging = " " * (len(line) - len(line.lstrip()) + 2)
            folded = textwrap.wrap(line, WIDTH - 4, subsequent_indent=hanging, break_on_hyphens=False)
            for part in folded or [""]:
                click.echo(f"    {part}".rstrip())

    def holds(self, what: str) -> None:
        """Something was looked at and is as promised."""
        click.echo(f"  {click.style('✓', fg='green')} {what}")

    def require(self, holds: bool, what: str, evidence: str = "") -> None:
        """Look at a promise.

        Raises:
            Failed: it does not hold.
        """
        if not holds:
            click.echo(f"  {click.style('✗', fg='red')} {what}")
            raise Failed(Reason.VERIFY_FAILED, f"act {self._act} did not hold: {what}", evidence=evidence)
        self.holds(what)
