"""What is remembered: where each sync stands and its generations, changed together or not at all."""

import logging
from dataclasses import replace
from pathlib import Path

from portreeve.errors import Misuse, Reason
from portreeve.reconcile.baseline import retired
from portreeve.reconcile.content import Content
from portreeve.reconcile.database import Database
from portreeve.reconcile.generations import BASELINE, Generations
from portreeve.reconcile.record import Generation, Record, dump_record, load_record
from portreeve.reconcile.seal import Seal
from portreeve.reconcile.status import GenerationInfo, Stage
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted

log = logging.getLogger(__name__)


class Store:
    """Records and generations in one state file.

    Args:
        path: the state file; its folder must exist.
        key: what seals secrets in it; made when there is one. ``None``: beside the state file.

    Raises:
        Failed: ``state-unusable``.
    """

    def __init__(self, path: Path, key: Path | None = None) -> None:
        self.database = Database(path)
        """The state file, which others keep what they remember in as well."""
        self.seal = Seal(key or path.with_name("secrets.key"))
        """Seals what is secret in it."""
        self.generations = Generations(self.database, self.seal)
        self._drop_lost()

    def _drop_lost(self) -> None:
        """Go on without what cannot be opened any more: it is rendered again, from its sources."""
        lost = self.generations.lost()
        if not lost:
            return
        with self.database.transaction():
            self.generations.drop(lost)
            for name in sorted({name for name, _ in lost}):
                record = self.record(name)
                numbers = sorted(number for of, number in lost if of == name)
                log.warning(
                    "%s: generations %s cannot be opened, since the key of their secrets is lost or another"
                    " one; they count as not kept, and an uninstall leaves what is in force",
                    name,
                    ", ".join(map(str, numbers)),
                )
                if record.good is not None and record.good.number in numbers:
                    record = replace(record, good=None)
                if record.unfinished is not None and record.unfinished.number in numbers:
                    record = replace(record, unfinished=None, stage=Stage.DESIRED)
                self._overwrite(record)

    def protect(self, name: str, content: Content) -> None:
        """Seal all that is remembered of a sync, where ``content`` says that it has secrets."""
        if content.confidential and self.generations.in_the_clear(name):
            # First: a kill after the sealing would else leave it there for good.
            self.database.forget_kept()
            with self.database.transaction(durable=True):
                self.generations.seal_all(name, content.values)
            self.database.forget_log()

    def close(self) -> None:
        """Close the state file."""
        self.database.close()

    def names(self) -> tuple[str, ...]:
        """Every sync that anything is remembered of, sorted."""
        return tuple(name for (name,) in self.database.query("SELECT name FROM syncs ORDER BY name"))

    def record(self, name: str) -> Record:
        """Where a sync stands; a new record when nothing is remembered of it."""
        rows = self.database.query("SELECT record FROM syncs WHERE name = ?", (name,))
        return load_record(name, rows[0][0]) if rows else Record(name)

    def save(self, record: Record) -> None:
        """Remember where a sync stands; only :meth:`hold` and :meth:`release` change whether it is held."""
        with self.database.transaction():
            self._put(record)

    def begin(
        self,
        record: Record,
        content: Content,
        *,
        found: Content,
        folders: tuple[Place, ...],
        now: float,
        keep: int,
    ) -> Record:
        """Remember that validated content is about to be written, so that it survives a power cut.

        Only because this is on disk before the first file is replaced can a set that a crash left half
        replaced be completed although the source of its values is away.

        Args:
            record: where the sync stands.
            content: validated content.
            found: what is there now; the baseline where portreeve never wrote before.
            folders: those made for the targets.
            now: wall-clock seconds.
            keep: generations to keep besides those in use.

        Returns:
            the record with the new generation on its way.
        """
        self.protect(record.name, content)
        with self.database.transaction(durable=True):
            if record.unfinished:
                self.generations.supersede(
                    record.name, record.unfinished.number, "a newer content came first"
                )
            self._own(record, found, now)
            generation = self.generations.add(record.name, content, now)
            record = replace(record, unfinished=generation, stage=Stage.VALIDATED, stuck=False)
            self._put(record)
            stored = self.record(record.name)
            self.generations.forget_tries(stored, generation)
            self.generations.forget_old(stored, keep)
            for folder in folders:
                self.database.execute(
                    "INSERT OR IGNORE INTO folders (sync, path, root) VALUES (?, ?, ?)",
                    (record.name, str(folder.path), str(folder.root)),
                )
        return record

    def begin_again(
        self, record: Record, generation: Generation, *, found: Content, now: float, why: str
    ) -> Record:
        """Remember that a known generation is about to be written, as :meth:`begin` does of new content.

        Args:
            record: where the sync stands.
            generation: one that was checked before.
            found: what is there now in the place of its files.
            now: wall-clock seconds.
            why: a generation that was on its way is given up.

        Returns:
            the record with that generation on its way.
        """
        with self.database.transaction(durable=True):
            if record.unfinished and record.unfinished != generation:
                self.generations.supersede(record.name, record.unfinished.number, why)
            if generation.number != BASELINE:
                self._own(record, found, now)
            record = replace(record, unfinished=generation, stage=Stage.VALIDATED, stuck=False)
            self._put(record)
        return record

    def _own(self, record: Record, found: Content, now: float) -> None:
        """Remember what is there, unless portreeve wrote it.

        Where nothing of portreeve's is in force, what is there now is an administrator's, also where it is
        something else than long ago.
        """
        pristine = record.good is None or record.good.number == BASELINE
        back = record.unfinished is None or (record.restoring and record.stage is not Stage.VALIDATED)
        if pristine and back:
            self.generations.renew_baseline(record.name, found, now)
        else:
            self.generations.add_baseline(record.name, found, now)

    def retired(self, name: str, content: Content) -> dict[Place, Wanted]:
        """What portreeve may have written for a sync and ``content`` has not, as it was before."""
        if not self.generations.exists(name, BASELINE):
            return {}
        return retired(self.generations.content(name, BASELINE).files, content.files)

    def verified(self, record: Record, number: int) -> None:
        """Save a record together with one of its generations having been proved."""
        with self.database.transaction():
            self.generations.finish(record.name, number, "verified", "; ".join(record.skipped))
            if number != BASELINE:
                self.generations.disown(record.name, number)
            self._put(record)

    def restored(self, record: Record, number: int, note: str) -> None:
        """Save a record together with one of its generations having been taken back."""
        with self.database.transaction():
            self.generations.finish(record.name, number, "restored", note)
            self._put(record)

    def use_steps(self, name: str, number: int, content: Content) -> None:
        """Prove a generation from now on as ``content`` is proved, which is the same otherwise."""
        with self.database.transaction():
            self.generations.set_steps(name, number, content)

    def hold(self, name: str, to: int | None) -> Record:
        """Keep a sync at a generation from now on.

        Args:
            name: the sync.
            to: the generation; ``None`` for the last good one before the one in force.

        Raises:
            Misuse: there is no such generation.
        """
        with self.database.transaction():
            record = self.record(name)
            number = self._previous(record) if to is None else to
            return self._hold(record, number, hands_off=False)

    def leave_alone(self, name: str) -> Record:
        """Keep a sync at the generation in force, and leave its files to whoever edits them.

        Where nothing of portreeve's is in force, that is what was there before it.
        """
        with self.database.transaction():
            record = self.record(name)
            in_force = record.good.number if record.good else BASELINE
            return self._hold(record, in_force if record.hold is None else record.hold, hands_off=True)

    def _hold(self, record: Record, number: int, *, hands_off: bool) -> Record:
        latest = record.unfinished or record.good
        if number == BASELINE:
            # What makes the files of a generation effective also makes their absence effective.
            apply = self.generations.content(record.name, latest.number).apply if latest else ()
            self.generations.ensure_baseline(record.name, apply)
        self.generations.content(record.name, number)
        record = replace(record, hold=number, hands_off=hands_off, next_try=None)
        self._overwrite(record)
        return record

    def release(self, name: str) -> None:
        """Let a sync follow its sources again, and try what did not work."""
        with self.database.transaction():
            record = self.record(name)
            if record.hold is not None or record.next_try is not None:
                self._overwrite(replace(record, hold=None, hands_off=False, next_try=None))

    def _previous(self, record: Record) -> int:
        current = record.good.number if record.good else BASELINE
        number = self.generations.last_verified_before(record.name, current)
        if number is None:
            raise Misuse(
                Reason.UNKNOWN_NAME,
                f"{record.name} has no earlier generation that was in force",
                hint=f"`--to {BASELINE}` puts back what was there before portreeve",
            )
        return number

    def remember_opened(self, name: str, opened: tuple[str, ...]) -> None:
        """Remember which ports of the firewall are open for a sync, and for nobody else."""
        with self.database.transaction(durable=True):
            self._overwrite(replace(self.record(name), opened=opened))

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        """The generations of a sync, newest first."""
        return self.generations.history(self.record(name))

    def folders(self, name: str) -> tuple[Place, ...]:
        """Folders that were made for a sync's targets."""
        rows = self.database.query("SELECT path, root FROM folders WHERE sync = ?", (name,))
        return tuple(Place(Path(path), Path(root)) for path, root in rows)

    def _put(self, record: Record) -> None:
        # A worker's record is as old as its look; somebody may have asked for a hold since.
        now = self.record(record.name)
        self._overwrite(replace(record, hold=now.hold, hands_off=now.hands_off, opened=now.opened))

    def _overwrite(self, record: Record) -> None:
        self.database.execute(
            "INSERT INTO syncs VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record",
            (record.name, dump_record(record)),
        )
