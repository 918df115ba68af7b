"""Measures portreeve as ratios against named alternatives in the same run; never part of the tests."""
