"""Runs one parser under atheris (libFuzzer), which is not among what the tests install.

PYTHONPATH=agent:tests python -m fuzz.atheris_run FORMAT -max_total_time=60
"""

import importlib
import sys
import tempfile
from pathlib import Path

import atheris

from fuzz.fragments import fragments

MODULES = ("env", "ini", "json", "lines", "properties", "toml", "unit", "xml", "yaml")
LIBRARIES = ("configparser", "json.decoder", "json.scanner", "tomllib", "yaml")

with atheris.instrument_imports(include=["portreeve.sources", "portreeve.systemd.unit_file", *LIBRARIES]):
    # Parsers are imported when they are needed; what is imported later is not seen by the fuzzer.
    for module in MODULES:
        importlib.import_module(f"portreeve.sources.formats.{module}")
    from fuzz.reading import read_any
    from portreeve.definitions.model import Format


def main() -> None:
    """Fuzz the parser that the first argument names; the others are libFuzzer's."""
    format_ = Format(sys.argv.pop(1))

    def once(data: bytes) -> None:
        read_any(format_, data)

    with tempfile.TemporaryDirectory() as folder:
        for number, piece in enumerate(fragments(format_)):
            (Path(folder) / str(number)).write_bytes(piece)
        words = Path(folder) / "words"
        words.write_text("".join(f'"{_escaped(piece)}"\n' for piece in fragments(format_) if len(piece) < 64))
        atheris.Setup([*sys.argv, folder, f"-dict={words}", "-timeout=10", "-rss_limit_mb=1024"], once)
        atheris.Fuzz()


def _escaped(piece: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in piece)


if __name__ == "__main__":
    main()
