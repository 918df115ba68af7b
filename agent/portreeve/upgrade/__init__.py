"""Packages that come and go: marks that their hooks leave, and how they are worked off."""
