"""Asks before (would this work?) and probes after (does it work?)."""
