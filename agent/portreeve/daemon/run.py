"""The main loop: tells systemd the truth, reloads, stops. It never does a sync's work itself."""

import faulthandler
import logging

from portreeve.clock import SYSTEM_CLOCK
from portreeve.control.server import ControlServer
from portreeve.daemon.agent import Agent
from portreeve.daemon.inbox import Inbox, Message
from portreeve.daemon.only_one import only_one
from portreeve.daemon.preload import preload
from portreeve.daemon.summary import status_line
from portreeve.paths import Paths
from portreeve.reconcile.offline import follow_again
from portreeve.reconcile.store import Store
from portreeve.systemd.journal import setup_logging
from portreeve.systemd.messages import MessageId
from portreeve.systemd.notify import Notifier, watchdog_interval

log = logging.getLogger(__name__)

STARTING_TICK = 5.0
"""Seconds between signs of life while the first look at every sync is still under way."""

_TELL_SHARE = 20
"""So many times as long as telling took, it is not told again."""

SETTLE = 0.2
"""Seconds without a further change before changed definitions are read: an editor writes several files."""


def run(paths: Paths) -> None:
    """Run the agent until SIGTERM or SIGINT.

    Raises:
        Refused: another agent works on the same state.
        Failed: the state cannot be used, or the sockets cannot be made.
    """
    # Without this a stuck worker's SIGABRT from systemd's watchdog would leave no trace of where it stuck.
    faulthandler.enable()
    setup_logging("INFO")
    preload()
    inbox = Inbox()
    inbox.listen_to_signals()
    with only_one(paths):
        store = Store(paths.database, paths.secrets_key)
        try:
            _begin_anew(paths, store)
            agent = Agent(paths, inbox, store)
            server = ControlServer(agent, paths)
            server.start()
            try:
                notifier = Notifier()
                notifier.status("starting")
                agent.start()
                Loop(agent, inbox, notifier).run()
            finally:
                agent.stop()
                server.stop()
        finally:
            store.close()


class Loop:
    """What the main thread does.

    Args:
        agent: everything else.
        inbox: what wakes it.
        notifier: systemd's notify socket.
    """

    def __init__(self, agent: Agent, inbox: Inbox, notifier: Notifier) -> None:
        self._agent = agent
        self._inbox = inbox
        self._notifier = notifier
        self._ready = False
        self._told = ""
        self._complained = False
        self._tick = watchdog_interval()
        self._tell_due: float | None = None
        self._told_until = 0.0

    def run(self) -> None:
        """Until a stop is asked for."""
        clock = SYSTEM_CLOCK.monotonic
        next_tick = clock()
        self._tell()
        while True:
            tick = STARTING_TICK if not self._ready else self._tick
            if tick is not None and clock() >= next_tick:
                self._sign_of_life()
                next_tick = clock() + min(tick, self._tick or tick)
            if self._tell_due is not None and clock() >= self._tell_due:
                self._tell()
            wakes = [due for due in (None if tick is None else next_tick, self._tell_due) if due is not None]
            message = self._inbox.get(max(0.0, min(wakes) - clock()) if wakes else None)
            match message:
                case Message.STOP:
                    log.info("stopping", extra={"message_id": MessageId.AGENT_STOPPING})
                    self._notifier.stopping()
                    return
                case Message.RELOAD:
                    self._reload()
                case Message.DEFINITIONS_CHANGED:
                    self._settle()
                    self._agent.reload()
                    self._tell()
                case Message.STATUS_CHANGED:
                    self._tell_due = self._told_until

    def _sign_of_life(self) -> None:
        missing = self._agent.roll_call.missing()
        if missing:
            # No ping: systemd's watchdog is there for exactly this.
            if not self._complained:
                log.error("a worker does not work: %s", "; ".join(missing))
                self._complained = True
            return
        self._complained = False
        self._notifier.watchdog()
        if not self._ready:
            self._notifier.extend_timeout(4 * STARTING_TICK)
        self._agent.roll_call.call()

    def _tell(self) -> None:
        begun = SYSTEM_CLOCK.monotonic()
        self._tell_what_stands()
        # With thousands of syncs each change has all of them counted again, at the cost of the workers.
        ended = SYSTEM_CLOCK.monotonic()
        self._tell_due, self._told_until = None, ended + _TELL_SHARE * (ended - begun)

    def _tell_what_stands(self) -> None:
        statuses = self._agent.board.snapshot()
        line = status_line(statuses.values())
        becomes_ready = not self._ready and self._agent.all_tried()
        self._ready = self._ready or becomes_ready
        told = line if self._ready else f"starting; {line}"
        if told != self._told:
            self._told = told
            self._notifier.status(told)
        if becomes_ready:
            self._notifier.ready()
            log.info("ready: %s", line, extra={"message_id": MessageId.AGENT_READY})

    def _reload(self) -> None:
        # READY=1 ends a reload, but it would end the start as well, before every sync was tried.
        was_ready = self._ready
        if was_ready:
            self._notifier.reloading()
        self._agent.reload()
        if was_ready:
            self._notifier.ready()
        self._tell()

    def _settle(self) -> None:
        """Let a burst of changes to definitions end, for at most ten times the settling time."""
        deadline = SYSTEM_CLOCK.monotonic() + 10 * SETTLE
        while SYSTEM_CLOCK.monotonic() < deadline:
            message = self._inbox.get(SETTLE)
            if message is None:
                return
            if message is not Message.DEFINITIONS_CHANGED:
                self._inbox.put(message)
                return


def _begin_anew(paths: Paths, store: Store) -> None:
    """An uninstall put everything back and held it there; what was installed anew may follow again."""
    if paths.uninstalled.exists():
        follow_again(store)
        paths.uninstalled.unlink(missing_ok=True)
        log.info("portreeve was installed again: syncs that its removal had put back follow their sources")
