"""portreeve keeps a Linux host in step with values that live in its Docker containers."""

__version__ = "0.1.0"
