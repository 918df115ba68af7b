"""Websoft9's four containers as the host sees them, its old host service, and the profile that replaces it.

Everything here was written from what those programs do, none of it is theirs.
"""
