from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate

from chassis.delivery.events import DoesNotFit, EventType, Moment

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=8)))


class AcceptedSchema(Schema):
    number = fields.String(required=True)
    accepted_by = fields.String(required=True, validate=validate.OneOf(["rule", "centre"]))
    at = Moment(required=True)
    closed_at = Moment(required=True, allow_none=True)


ACCEPTED = EventType("case.accepted", AcceptedSchema, public=True)
PAYLOAD = {"number": "XA1", "accepted_by": "rule", "at": NOON, "closed_at": None}


def test_a_draft_holds_data_ready_for_json_with_times_in_utc():
    draft = ACCEPTED.draft("XA1", 2, PAYLOAD, restricted=True)
    assert draft.data == PAYLOAD | {"at": "2026-11-24T04:00:00Z"}
    assert (draft.type, draft.subject, draft.seq, draft.restricted, draft.version) == (
        "case.accepted",
        "XA1",
        2,
        True,
        1,
    )


def test_a_drafts_partition_is_its_subject_unless_told_otherwise():
    assert ACCEPTED.draft("XA1", 1, PAYLOAD).partitionkey == "XA1"
    assert ACCEPTED.draft("letter", 1, PAYLOAD, partitionkey="XA1").partitionkey == "XA1"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"mobile": "13800000012"}, "mobile"),
        ({"accepted_by": "somebody"}, "accepted_by"),
        ({"number": None}, "number"),
        ({"at": NOON.replace(tzinfo=None)}, "cannot write"),
        ({"at": "noon"}, "cannot write"),
    ],
)
def test_a_payload_that_does_not_fit_its_schema_is_an_error_that_quotes_no_value(change, fault):
    with pytest.raises(DoesNotFit, match=fault) as caught:
        ACCEPTED.draft("XA1", 1, PAYLOAD | change)
    assert not any(str(value) in str(caught.value) for value in change.values())


def test_a_missing_field_is_an_error():
    with pytest.raises(DoesNotFit, match="closed_at"):
        ACCEPTED.draft("XA1", 1, {name: value for name, value in PAYLOAD.items() if name != "closed_at"})


@given(
    st.datetimes(min_value=NOON.replace(year=1, tzinfo=None), timezones=st.timezones()).map(
        lambda each: each.replace(fold=0)
    )
)
def test_a_moment_survives_the_way_out_and_in(moment):
    written = AcceptedSchema(only=["at"]).dump({"at": moment})
    assert written["at"].endswith("Z")
    assert AcceptedSchema(only=["at"]).load(written)["at"] == moment.astimezone(UTC)


@pytest.mark.parametrize("text", ["2026-11-24T12:00:00", "noon", "", 5, "0001-01-01T00:00:00+08:00"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValidationError):
        AcceptedSchema(only=["at"]).load({"at": text})


class EverySchema(Schema):
    text = fields.String(required=True, validate=validate.Length(max=3))
    flag = fields.Boolean(allow_none=True)
    count = fields.Integer(required=True, validate=validate.Range(0, 9))
    many = fields.List(fields.Integer(validate=validate.Range(0, 9)), allow_none=True)
    share = fields.Float()


values = (
    st.none()
    | st.booleans()
    | st.integers(-2, 12)
    | st.floats(allow_infinity=False, allow_nan=False)
    | st.text(max_size=5)
    | st.lists(st.integers(-2, 12))
)


@given(st.dictionaries(st.sampled_from(list(EverySchema().fields)), values))
def test_what_a_draft_lets_through_is_what_the_schema_lets_through(payload):
    try:
        data = EventType("any", EverySchema).draft("s", 1, payload).data
    except DoesNotFit as refused:
        if "cannot write" not in str(refused):
            assert EverySchema().validate(EverySchema().dump(payload))
    else:
        assert EverySchema().validate(data) == {}
