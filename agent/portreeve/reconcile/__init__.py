"""Decides what each sync needs next, carries it out, and remembers where it stands."""
