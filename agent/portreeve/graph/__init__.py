"""Draws what was declared: sources → syncs → files → units and containers."""
