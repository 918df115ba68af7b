"""What is remembered: where each sync stands and its generations, changed together or not at all."""

import json
from dataclasses import replace
from pathlib import Path

from portreeve.errors import Misuse, Reason
from portreeve.reconcile.content import Content
from portreeve.reconcile.database import Database
from portreeve.reconcile.generations import BASELINE, Generations
from portreeve.reconcile.record import Record, dump_record, load_record
from portreeve.reconcile.status import GenerationInfo, Stage
from portreeve.targets.file_state import FileContent


class Store:
    """Records and generations in one state file.

    Args:
        path: the state file; its folder must exist.

    Raises:
        Failed: ``state-unusable``.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self.generations = Generations(self._database)

    def close(self) -> None:
        """Close the state file."""
        self._database.close()

    def names(self) -> tuple[str, ...]:
        """Every sync that anything is remembered of, sorted."""
        return tuple(name for (name,) in self._database.query("SELECT name FROM syncs ORDER BY name"))

    def record(self, name: str) -> Record:
        """Where a sync stands; a new record when nothing is remembered of it."""
        rows = self._database.query("SELECT record FROM syncs WHERE name = ?", (name,))
        return load_record(name, json.loads(rows[0][0])) if rows else Record(name)

    def save(self, record: Record) -> None:
        """Remember where a sync stands."""
        with self._database.transaction():
            self._put(record)

    def begin(
        self,
        record: Record,
        content: Content,
        *,
        found: Content,
        folders: tuple[Path, ...],
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
        with self._database.transaction(durable=True):
            if record.unfinished and not record.restoring:
                self.generations.finish(
                    record.name, record.unfinished.number, "superseded", "a newer content came first"
                )
            self.generations.add_baseline(record.name, found, now)
            generation = self.generations.add(record.name, content, now)
            record = replace(record, unfinished=generation, stage=Stage.VALIDATED)
            self._put(record)
            self.generations.forget_old(record, keep)
            for folder in folders:
                self._database.execute(
                    "INSERT OR IGNORE INTO folders VALUES (?, ?)", (record.name, str(folder))
                )
        return record

    def retired(self, record: Record, content: Content) -> dict[Path, FileContent | None]:
        """Files that the generations in force and on its way have and ``content`` has not any more.

        Each goes back to what was there before portreeve.
        """
        paths: set[Path] = set()
        for generation in (record.good, record.unfinished):
            if generation is not None and generation.number != BASELINE:
                paths |= self.generations.content(record.name, generation.number).files.keys()
        paths -= content.files.keys()
        if not paths:
            return {}
        before = self.generations.content(record.name, BASELINE).files
        return {path: before.get(path) for path in sorted(paths)}

    def finish(self, record: Record, number: int, outcome: str, note: str = "") -> None:
        """Save a record together with how one of its generations ended."""
        with self._database.transaction():
            self.generations.finish(record.name, number, outcome, note)
            self._put(record)

    def use_steps(self, record: Record, content: Content) -> None:
        """Prove the good generation from now on as ``content`` is proved, which is the same otherwise."""
        assert record.good is not None
        with self._database.transaction():
            self.generations.set_steps(record.name, record.good.number, content)

    def hold(self, name: str, to: int | None) -> Record:
        """Keep a sync at a generation from now on.

        Args:
            name: the sync.
            to: the generation; ``None`` for the last good one before the one in force.

        Raises:
            Misuse: there is no such generation.
        """
        with self._database.transaction():
            record = self.record(name)
            number = self._previous(record) if to is None else to
            latest = record.unfinished or record.good
            if number == BASELINE:
                # What makes the files of a generation effective also makes their absence effective.
                apply = self.generations.content(name, latest.number).apply if latest else ()
                self.generations.ensure_baseline(name, apply)
            self.generations.content(name, number)
            record = replace(record, hold=number, next_try=None)
            self._put(record)
        return record

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

    def history(self, name: str) -> tuple[GenerationInfo, ...]:
        """The generations of a sync, newest first."""
        return self.generations.history(self.record(name))

    def folders(self, name: str) -> tuple[Path, ...]:
        """Folders that were made for a sync's targets."""
        rows = self._database.query("SELECT path FROM folders WHERE sync = ?", (name,))
        return tuple(Path(path) for (path,) in rows)

    def _put(self, record: Record) -> None:
        self._database.execute(
            "INSERT INTO syncs VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record",
            (record.name, json.dumps(dump_record(record))),
        )
