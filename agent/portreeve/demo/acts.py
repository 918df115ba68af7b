"""The five acts: each does one thing to the container and looks at what the host does."""

from portreeve.demo.agent import RunningAgent
from portreeve.demo.app import App
from portreeve.demo.narrator import Narrator
from portreeve.demo.places import SYNC, Places
from portreeve.demo.spectator import Spectator
from portreeve.errors import Reason
from portreeve.reconcile.status import State

FIRST, SECOND, THIRD = 9000, 9100, 9200


def play(places: Places, app: App, agent: RunningAgent, narrator: Narrator) -> None:
    """Play all acts.

    Raises:
        Failed: something did not hold.
        PortreeveError: the agent or Docker did not answer.
    """
    stage = _Stage(places, app, agent, narrator, Spectator(places))
    stage.nothing_is_written_without_a_container()
    stage.the_container_comes()
    stage.the_port_changes()
    stage.the_file_is_truncated()
    stage.the_container_is_made_anew()
    stage.show_history()


class _Stage:
    def __init__(
        self, places: Places, app: App, agent: RunningAgent, narrator: Narrator, spectator: Spectator
    ) -> None:
        self._places = places
        self._app = app
        self._agent = agent
        self._tell = narrator
        self._see = spectator

    def nothing_is_written_without_a_container(self) -> None:
        self._tell.act("the container is not there yet, and nothing is written")
        status = self._see.wait(lambda status: status.trouble is not None, "a named reason")
        self._show("explain", SYNC)
        assert status.trouble is not None
        self._tell.require(
            status.state is State.WAITING and status.trouble.reason is Reason.CONTAINER_ABSENT,
            f"the sync waits, for a named reason: {status.trouble.reason}",
            evidence=str(status),
        )
        self._tell.require(self._see.file() is None, f"{self._places.target} does not exist")
        self._agent.show(self._tell)

    def the_container_comes(self) -> None:
        self._tell.act(f"the container comes, and {FIRST} is written")
        self._tell.command(self._app.start(FIRST))
        self._see.wait_for_port(FIRST)
        self._follows(FIRST)
        self._agent.show(self._tell)

    def the_port_changes(self) -> None:
        self._tell.act(f"the port changes to {SECOND}, and the file follows")
        self._tell.command(self._app.set_port(SECOND))
        self._see.wait_for_port(SECOND)
        self._follows(SECOND)
        self._show("status")

    def the_file_is_truncated(self) -> None:
        self._tell.act("the application's file is truncated, and the last good port stays")
        before = self._places.target.stat()
        self._tell.command(self._app.truncate())
        status = self._see.wait(lambda status: status.state is not State.IN_STEP, "a named reason")
        after = self._places.target.stat()
        self._show("explain", SYNC)
        reason = status.trouble.reason if status.trouble else "none"
        self._tell.require(
            status.state is State.WAITING, f"the sync waits, for a named reason: {reason}", str(status)
        )
        self._tell.require(
            (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)
            and f"listen {SECOND}\n" in (self._see.file() or ""),
            f"the file still says {SECOND} and was not touched",
        )

    def the_container_is_made_anew(self) -> None:
        self._tell.act("the container is removed and made anew, and the agent follows")
        self._tell.command(self._app.remove())
        self._see.wait(
            lambda status: status.trouble is not None and status.trouble.reason is Reason.CONTAINER_ABSENT,
            "a named reason",
        )
        self._tell.require(
            f"listen {SECOND}\n" in (self._see.file() or ""),
            f"without a container the file still says {SECOND}",
        )
        self._tell.command(self._app.start(THIRD))
        self._see.wait_for_port(THIRD)
        self._follows(THIRD)

    def show_history(self) -> None:
        self._tell.heading("What the agent remembers")
        self._show("history", SYNC)
        self._agent.show(self._tell)

    def _follows(self, port: int) -> None:
        text = self._see.file() or ""
        self._tell.command(f"cat {self._places.target}", text)
        milliseconds = self._see.delay(self._app.config)
        self._tell.require(
            f"listen {port}\n" in text,
            f"the file says {port}, {milliseconds:.0f} ms after the container wrote it",
            evidence=text,
        )

    def _show(self, *argv: str) -> None:
        self._tell.command(f"portreeve {' '.join(argv)}", self._see.portreeve(*argv))
