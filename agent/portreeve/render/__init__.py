"""Renders templates in a sandbox in which a missing value is an error."""
