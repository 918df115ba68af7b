"""``python -m portreeve.demo FOLDER``: prepares the scenery, plays the acts, and removes everything again."""

import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from portreeve.demo.acts import play
from portreeve.demo.agent import RunningAgent, agent, remove_service
from portreeve.demo.app import App
from portreeve.demo.definition import declare
from portreeve.demo.engine import SYSTEM_SOCKET, Engine, end_private_engine, engine
from portreeve.demo.narrator import Narrator
from portreeve.demo.places import Places
from portreeve.errors import ExitCode, PortreeveError
from portreeve.systemd.bus import systemd_running


def main(folder: Path) -> ExitCode:
    """Play the demo; the exit code is 0 only if every act held.

    Args:
        folder: exists, belongs to the demo, and is removed by whoever made it.
    """
    # Whatever ends the demo, what it made is taken away: both signals unwind the stack below. SIGINT is set
    # too, since a shell starts what it runs in the background without it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    places, narrator = Places(folder), Narrator()
    clear(places)
    started: RunningAgent | None = None
    try:
        with ExitStack() as stack:
            stack.callback(lambda: _clear_files(places))
            docker = stack.enter_context(engine(places))
            app = App(docker)
            stack.callback(lambda: _say_goodbye(narrator, app))
            _set_scene(places, docker, app, narrator)
            started = stack.enter_context(agent(places, narrator))
            try:
                play(places, app, started, narrator)
            except PortreeveError:
                narrator.heading("The end of the agent's log")
                narrator.output(started.log())
                raise
    except PortreeveError as error:
        click.echo()
        click.echo(f"error: {error.what}", err=True)
        if error.evidence:
            click.echo(f"  {error.evidence}", err=True)
        if error.hint:
            click.echo(f"  hint: {error.hint}", err=True)
        return ExitCode.FAILED
    click.echo()
    click.secho("All five acts held.", bold=True)
    return ExitCode.DONE


def clear(places: Places) -> None:
    """Remove what a demo that was killed has left."""
    if systemd_running():
        remove_service(places)
    end_private_engine(places)
    App(Engine(SYSTEM_SOCKET, private=False)).clear()
    _clear_files(places)


def _set_scene(places: Places, docker: Engine, app: App, narrator: Narrator) -> None:
    narrator.title("A port that is chosen in a container becomes a file of this host")
    own = "started for the demo: no bridge, no firewall rules" if docker.private else "the one of this host"
    narrator.fact("docker", f"{docker.version()}, {own}")
    app.make_image(places)
    narrator.fact("image", "one megabyte of busybox, made here")
    narrator.fact(
        "agent", "a service of systemd" if systemd_running() else "in the foreground, no systemd here"
    )
    narrator.command(f"cat {places.paths.etc}/syncs.d/demo.toml", declare(places, docker))


def _say_goodbye(narrator: Narrator, app: App) -> None:
    narrator.heading("Cleaning up")
    app.clear()
    narrator.holds("container, volume, image, files and agent are gone")


def _clear_files(places: Places) -> None:
    for path in (places.root, places.engine):
        shutil.rmtree(path, ignore_errors=True)
    for path in (places.target, places.image, places.folder / "agent.log", places.folder / "notify"):
        path.unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(130)
