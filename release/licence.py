"""The licence of a wheel, as an SPDX expression."""

from cyclonedx.spdx import is_supported_id

from release.wheel import Wheel

_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""Those that mean one licence; "BSD License" is one of several."""


def of(wheel: Wheel) -> str:
    """What its metadata says; empty where that is not clear."""
    expression = wheel.metadata["License-Expression"]
    if expression:
        return str(expression)
    name = str(wheel.metadata["License"] or "")
    if is_supported_id(name):
        return name
    classifiers = wheel.metadata.get_all("Classifier", [])
    found = {_CLASSIFIERS[classifier] for classifier in classifiers if classifier in _CLASSIFIERS}
    return found.pop() if len(found) == 1 else ""
