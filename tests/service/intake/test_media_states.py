"""What SQL does to a file in each state is what the table of transitions says."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, text

from chassis import clock
from services.intake.domain.media import TRANSITIONS, Capture, Developed, Kind, Media, Reason, State
from services.intake.media.store import processing, retention, uploads
from tests.service.intake.conftest import Street

ID, SIZE = "a" * 22, 100
DEVELOPED = Developed(4, 3, None, Capture(), {"file": 1})
COMMANDS: dict[str, Callable[[Connection], object]] = {
    "complete": lambda tx: uploads.grow(tx, ID, 0, SIZE, clock.now(tx)),
    "refuse": lambda tx: uploads.refuse(tx, ID, Reason.DAMAGED),
    "publish": lambda tx: processing.publish(tx, ID, DEVELOPED),
    "expire": lambda tx: retention.expire(tx, clock.now(tx) + timedelta(seconds=1), 10),
}


def test_every_command_of_the_table_is_tried() -> None:
    assert COMMANDS.keys() == {command for commands in TRANSITIONS.values() for command in commands}
    assert TRANSITIONS.keys() == set(State)


@pytest.fixture
def here(street: Callable[..., Street]) -> Street:
    return street()


def test_a_command_moves_a_file_as_the_table_says_or_not_at_all(here: Street) -> None:
    for state, command in product(State, COMMANDS):
        assert after(here, state, command) is TRANSITIONS[state].get(command, state), f"{command} in {state}"


def after(here: Street, state: State, command: str) -> State:
    """The state of a file that was in `state` once `command` was tried on it."""
    with here.database.transaction() as tx:
        tx.execute(text("delete from media"))
        uploads.add(tx, Media(ID, Kind.PHOTO, State.UPLOADING, SIZE, False, clock.now(tx)), b"token", b"source")
        tx.execute(text("update media set state = :state"), {"state": state})
        COMMANDS[command](tx)
        return uploads.found(tx, [ID])[0][0].state
