"""What the fault suite sends as poison is poison to whoever gets it."""

import pytest
from marshmallow import ValidationError

from services.dispatch import events as dispatch
from services.intake import events as intake
from services.notify import events as notify
from services.sla import events as sla
from tests.chaos.mail import ASK_NOTHING, LACKING


@pytest.mark.parametrize(
    ("type_", "schema"),
    sorted(
        (
            (type_, schema)
            for service in (intake, dispatch, sla, notify)
            for (_, type_), schema in service.READS.items()
        ),
        key=str,
    ),
    ids=str,
)
def test_an_event_without_its_fields_is_refused_by_each_of_its_readers_or_never_sent_as_poison(type_, schema):
    if type_ not in ASK_NOTHING:
        with pytest.raises(ValidationError):
            schema().load(LACKING)
