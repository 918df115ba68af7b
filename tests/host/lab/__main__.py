"""Build the root file systems ahead of the tests: `python -m host.lab [RELEASE…]` in the folder tests."""

from __future__ import annotations

import sys

from . import base

for release in sys.argv[1:] or base.RELEASES:
    print(base.host(release))
