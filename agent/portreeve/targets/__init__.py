"""Stages, compares, replaces and restores the files that portreeve generates."""
