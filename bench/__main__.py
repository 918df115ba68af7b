"""Prints a table: ``python -m bench [--long] [--only PART] [--rounds N] [--runs N] [--folder DIR]``."""

import argparse
import os
import platform
import signal
import sys
import time
from pathlib import Path

from bench import batch, idle, latency, path_unit, scale

PARTS = ("latency", "path-unit", "fan-out", "start", "idle", "soak", "batch")


def main() -> None:
    """Measure, and print as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--long", action="store_true", help="idle for 10 minutes, a day of changes")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be repeated")
    parser.add_argument("--rounds", type=int, default=100, help="changes in one measurement")
    parser.add_argument("--runs", type=int, default=3, help="measurements, of which the best counts")
    parser.add_argument("--most", type=int, default=2000, help="the largest number of syncs")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="on the disk to be measured")
    options = parser.parse_args()
    # What it has started, a session of its own for one, would stay behind if it just ended.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    parts = options.only or PARTS
    counts = tuple(sorted({count for count in (1, 100, options.most) if count <= options.most}))
    load = os.getloadavg()[0]
    print(f"{time.strftime('%F %R')}, {os.cpu_count()} CPUs, Linux {platform.release()}, load {load:.1f}")
    if "latency" in parts:
        latency.run(options.folder, counts, options.rounds, options.runs)
    if "path-unit" in parts:
        path_unit.run(counts, options.rounds)
    if "fan-out" in parts:
        scale.fan_out(options.folder, options.most)
    if "start" in parts:
        scale.start(options.folder, counts, options.runs)
    if "idle" in parts:
        idle.idle(options.folder, min(200, options.most), 600 if options.long else 30)
    if "soak" in parts:
        idle.soak(options.folder, 8640 if options.long else 500)
    if "batch" in parts:
        batch.run(60)


if __name__ == "__main__":
    main()
