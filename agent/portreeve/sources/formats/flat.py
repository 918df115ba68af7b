"""A mapping whose keys are whole names, so that a dot in one does not lead into a table."""


class Flat(dict[str, str]):
    """``{name: value}``; a key path such as ``server.port`` is the name ``server.port``."""
