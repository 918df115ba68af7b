"""``python -m portreeve`` is the same program as ``portreeve``."""

from portreeve.cli.main import main

if __name__ == "__main__":
    main()
