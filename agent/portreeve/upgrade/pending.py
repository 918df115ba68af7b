"""Packages whose change is under way or not proved yet: holds what they touch, then has it proved again."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from portreeve.clock import Clock
from portreeve.definitions.model import Definitions
from portreeve.errors import Misuse, PortreeveError, Reason
from portreeve.reconcile.board import Board
from portreeve.reconcile.pause import Pause
from portreeve.reconcile.status import SyncStatus
from portreeve.systemd.messages import MessageId
from portreeve.upgrade.mark import Event, Mark
from portreeve.upgrade.marks import Marks
from portreeve.upgrade.plan import Plan, Task, decide, is_settled
from portreeve.upgrade.status import PackageStatus
from portreeve.upgrade.touched import Touched, touched
from portreeve.upgrade.words import ValuesOf, changing, kept

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hands:
    """What is done to syncs and services; each is called with a lock held, so none may ask back.

    Args:
        prove: has a sync prove itself at its next look, over the network as well where the second argument
            says so; returns the number that its runs must exceed.
        proved: the number of the last run in which what is in force was seen to work; 0: in none.
        in_force: the values of a generation of a sync, as people may see them.
        runs: the number that the runs of a sync must exceed for a look that begins now.
        look_at_sync: enqueues a sync.
        look_at_service: enqueues a service.
    """

    prove: Callable[[str, bool], int]
    proved: Callable[[str], int]
    in_force: ValuesOf
    runs: Callable[[str], int]
    look_at_sync: Callable[[str], object]
    look_at_service: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Hooked:
    """What a hook's event touches.

    Args:
        mark: of the package.
        syncs: by name, the number that its runs must exceed until it has taken notice.
        services: names.
    """

    mark: Mark
    syncs: Mapping[str, int]
    services: tuple[str, ...]


class Pending:
    """Works marks off. Any thread may call it.

    Nothing is looked for by itself: marks are read at the start, with each resync and whenever somebody says
    that there is one. A hold that runs out is noticed by the look that its sync has asked for.

    Args:
        marks: the folder of marks.
        hands: what is done to syncs and services.
        statuses: of syncs.
        board: has a status of each package that is not done.
        boot: which boot this is.
        clock: for times.
    """

    def __init__(
        self,
        marks: Marks,
        hands: Hands,
        statuses: Board[SyncStatus],
        board: Board[PackageStatus],
        boot: str,
        clock: Clock,
    ) -> None:
        self._marks = marks
        self._hands = hands
        self._statuses = statuses
        self.board = board
        self._boot = boot
        self._clock = clock
        self._lock = threading.Lock()
        self._definitions: Definitions | None = None
        self._tasks: dict[str, Task] = {}
        self._plan = Plan()
        self._unremoved: dict[str, Mark] = {}
        self._told: dict[str, str] = {}

    def define(self, definitions: Definitions) -> None:
        """Work by these definitions from now on."""
        with self._lock:
            self._definitions = definitions
            for package, task in self._tasks.items():
                self._tasks[package] = replace(task, touched=touched(task.mark, definitions))
            self._work()

    def read(self) -> None:
        """Read the marks anew; those that cannot be read now stay as they are known."""
        with self._lock:
            self._read(None)

    def hook(self, package: str) -> Hooked:
        """A hook has left a mark: what it touches is held, or told to prove itself.

        Args:
            package: empty for files of any package.

        Raises:
            Misuse: ``unknown-name``; there is no such mark.
        """
        with self._lock:
            mark = self._read(package).get(package)
            if mark is None:
                what = f"there is no mark of package `{package}`"
                hint = "`portreeve hook` leaves one before it tells the agent"
                raise Misuse(Reason.UNKNOWN_NAME, what, hint=hint)
            task = self._tasks.get(package, Task(mark))
            asked = {name: task.asked.get(name, self._hands.runs(name)) for name in task.touched.syncs}
            return Hooked(mark, asked, task.touched.services)

    def go_on(self, names: Iterable[str]) -> None:
        """An administrator wants these syncs to be worked on, whatever becomes of a package."""
        with self._lock:
            names = frozenset(names)
            for package, task in self._tasks.items():
                self._tasks[package] = replace(task, go_on=task.go_on | names)
            self._work()

    def sync_paused(self, name: str) -> Pause | None:
        """Whether a sync is to be left alone now: called at the beginning of each look at it."""
        return self._paused(name, lambda plan: plan.held_syncs, name)

    def service_paused(self, name: str) -> Pause | None:
        """Whether a service is to be left alone now; otherwise as :meth:`sync_paused`."""
        return self._paused(name, lambda plan: plan.held_services, None)

    def looked_at(self, name: str) -> None:
        """A look at a sync has ended, and its status is told."""
        if not self._tasks:
            return
        with self._lock:
            noticed = False
            for package, task in self._tasks.items():
                asked = task.asked.get(name)
                if asked is None or name in task.settled:
                    continue
                noticed, status = True, self._statuses.get(name)
                if is_settled(status, asked, self._hands.proved(name)):
                    task = replace(task, settled=task.settled | {name}, unproved=task.unproved - {name})
                elif status is not None and status.runs > asked:
                    task = replace(task, unproved=task.unproved | {name})
                self._tasks[package] = task
            if noticed:
                self._work()

    def told(self, package: str) -> str:
        """What was kept when a package was last done with; empty when it never was."""
        return self._told.get(package, "")

    def _paused(self, name: str, held: Callable[[Plan], Mapping[str, str]], sync: str | None) -> Pause | None:
        if not self._tasks:
            return None
        with self._lock:
            package = held(self._plan).get(name)
            if package is not None and not self._holds(self._tasks[package]):
                self._work()
                package = held(self._plan).get(name)
            if package is None:
                return None
            mark = self._tasks[package].mark
            return Pause(changing(mark, sync), mark.until)

    def _read(self, hooked: str | None) -> Mapping[str, Mark]:
        try:
            marks = {mark.package: mark for mark in self._marks.read()}
        except PortreeveError as error:
            log.error("which packages were changed cannot be known: %s", error)
            return {}
        for package in self._tasks.keys() - marks.keys():
            self._wake(self._tasks.pop(package))
        for package, mark in marks.items():
            known = self._tasks.get(package)
            if package == hooked or mark != (known.mark if known else self._unremoved.get(package)):
                self._unremoved.pop(package, None)
                task = self._tasks[package] = Task(mark, self._touched(mark))
                self._wake(task)
            elif known is None:
                self._remove(mark)
        self._work()
        return marks

    def _touched(self, mark: Mark) -> Touched:
        return Touched() if self._definitions is None else touched(mark, self._definitions)

    def _holds(self, task: Task) -> bool:
        return task.mark.holds(self._clock.wall(), self._boot)

    def _wake(self, task: Task) -> None:
        """Let what is touched take notice: that it is held, or that it is not any more."""
        for name in task.touched.syncs:
            self._hands.look_at_sync(name)
        for name in task.touched.services:
            self._hands.look_at_service(name)

    def _work(self) -> None:
        """Do what is to be done now."""
        if self._definitions is None:
            return
        plan = self._plan = decide(self._tasks, self._clock.wall(), self._boot)
        for package, names in plan.to_prove.items():
            task = self._tasks[package]
            if task.mark.event.before and not task.asked:
                log.warning(
                    "%s; nobody has said that this is over, and it is held no longer", _said(task.mark)
                )
            thorough = task.mark.event is not Event.TRIGGERED
            asked = {name: self._hands.prove(name, thorough) for name in names}
            self._tasks[package] = replace(task, asked={**task.asked, **asked})
            self._wake(task)
        for package in plan.done:
            self._done(self._tasks.pop(package))
        self._post()

    def _done(self, task: Task) -> None:
        mark = task.mark
        line = self._told[mark.package] = kept(
            mark, task.touched.syncs, self._statuses.snapshot(), self._hands.in_force
        )
        log.log(
            logging.INFO if task.touched.syncs else logging.DEBUG,
            "%s",
            line,
            extra={"message_id": MessageId.PACKAGE_KEPT, "portreeve_package": mark.package},
        )
        self._remove(mark)

    def _post(self) -> None:
        for package, task in self._tasks.items():
            mark = task.mark
            self.board.post(
                PackageStatus(
                    package=package,
                    event=mark.event,
                    version=mark.version,
                    since=mark.since,
                    until=mark.until if self._holds(task) else None,
                    syncs=task.touched.syncs,
                    services=task.touched.services,
                    unproved=tuple(name for name in task.touched.syncs if name in task.unproved),
                )
            )
        self.board.keep_only(self._tasks)

    def _remove(self, mark: Mark) -> None:
        """Remove a mark that has served; one that stays is tried again whenever marks are read."""
        try:
            self._marks.remove(mark)
        except PortreeveError as error:
            if mark.package not in self._unremoved:
                log.warning("the mark of a package has served and stays: %s", error)
            self._unremoved[mark.package] = mark
        else:
            self._unremoved.pop(mark.package, None)


def _said(mark: Mark) -> str:
    return str(changing(mark, None).what)
