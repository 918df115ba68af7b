"""Every 409 is told apart by its text, from Docker 20.10 to 29."""

import pytest

from portreeve.containers.conflict import Conflict, conflict, name_holder

ID = "5b0f" * 16


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("cannot start a paused container, try unpause instead", Conflict.PAUSED),
        (f"Container {ID} is paused, unpause the container before exec", Conflict.PAUSED),
        (f"Container {ID} is already paused", Conflict.PAUSED),
        (
            (
                f"You cannot remove a paused container {ID}. Unpause and then stop the container before "
                "attempting removal or force remove"
            ),
            Conflict.PAUSED,
        ),
        (
            'cannot remove container "/app": container is paused and must be unpaused first',
            Conflict.PAUSED,
        ),
        (
            f"Container {ID} is restarting, wait until the container is running",
            Conflict.RESTARTING,
        ),
        (
            (
                f"You cannot remove a restarting container {ID}. Stop the container before attempting "
                "removal or force remove"
            ),
            Conflict.RESTARTING,
        ),
        (
            (
                'cannot remove container "/app": container is restarting: stop the container before '
                "removing or force remove"
            ),
            Conflict.RESTARTING,
        ),
        (f"Container {ID} is not running", Conflict.NOT_RUNNING),
        (f"Cannot kill container: {ID}: Container {ID} is not running", Conflict.NOT_RUNNING),
        (f"cannot kill container: {ID}: container {ID} is not running", Conflict.NOT_RUNNING),
        ("container is marked for removal and cannot be started", Conflict.MARKED_FOR_REMOVAL),
        (
            f'container "{ID}" is marked for removal and cannot be connected or disconnected to the network',
            Conflict.MARKED_FOR_REMOVAL,
        ),
        (f"removal of container {ID} is already in progress", Conflict.REMOVAL_IN_PROGRESS),
        (
            (
                f'Conflict. The container name "/app" is already in use by container "{ID}". You have to '
                "remove (or rename) that container to be able to reuse that name."
            ),
            Conflict.NAME_IN_USE,
        ),
        (
            (
                f"You cannot remove a running container {ID}. Stop the container before attempting "
                "removal or force remove"
            ),
            Conflict.RUNNING,
        ),
        (
            (
                'cannot remove container "/app": container is running: stop the container before '
                "removing or force remove"
            ),
            Conflict.RUNNING,
        ),
        ('cannot remove container "/is-paused": container is running: stop it', Conflict.RUNNING),
        ("something new", Conflict.OTHER),
        ("", Conflict.OTHER),
    ],
)
def test_words_and_what_they_mean(text: str, meaning: Conflict) -> None:
    assert conflict(text) is meaning


def test_who_holds_a_name_is_told_by_its_id() -> None:
    words = 'Conflict. The container name "/app" is already in use by container "{}". You have to remove it.'
    assert name_holder(words.format(ID)) == ID
    assert name_holder(words.format(ID).replace('"', "")) == ID
    assert name_holder(words.format("app")) is None
    assert name_holder(f"Container {ID} is not running") is None
