"""Turns the files that an administrator or a package wrote into validated, immutable definitions."""
