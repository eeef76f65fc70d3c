"""What a service publishes: a type, the marshmallow schema of its data, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing

from chassis.delivery.envelope import Draft

SchemaClass = type[Schema]


class Moment(fields.AwareDateTime):
    """A point in time: ISO 8601 with a zone on the way in, always UTC ending in `Z` on the way out.

    A value without a zone is refused in both directions, since nobody can know what it meant.
    """

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{attr} has no time zone")
        return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from error


class DoesNotFit(Exception):
    """A payload that does not match its own schema: a bug of the publisher, found when the command runs.

    Names the type and the fields, never a value.
    """

    def __init__(self, type: str, at_fault: list[str]) -> None:
        super().__init__(f"{type}: {', '.join(at_fault)}")


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event, as `case.accepted`. `public` ones may be bound for readers outside.

    `version` rises only with a breaking change; the new version is published beside the old one.
    """

    type: str
    schema: SchemaClass
    public: bool = False
    version: int = 1
    _instance: Schema = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_instance", self.schema())

    def draft(
        self, subject: str, seq: int, payload: Mapping[str, Any], restricted: bool = False, partitionkey: str = ""
    ) -> Draft:
        """The event number `seq` of `subject`, its data dumped by the schema and checked against it.

        Raises DoesNotFit if a field is missing, unknown or of the wrong kind.
        """
        if unknown := payload.keys() - self._instance.fields.keys():
            raise DoesNotFit(self.type, sorted(unknown))
        data: dict[str, Any] = self._dump(payload)
        if at_fault := [name for name, field in self._instance.fields.items() if not _fits(field, name, data)]:
            raise DoesNotFit(self.type, at_fault)
        return Draft(
            type=self.type,
            subject=subject,
            seq=seq,
            data=data,
            partitionkey=partitionkey or subject,
            restricted=restricted,
            version=self.version,
        )

    def _dump(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        try:
            data: dict[str, Any] = self._instance.dump(payload)
        except (ValueError, TypeError, AttributeError, OverflowError):
            # The exception's own sentence may quote the value.
            raise DoesNotFit(self.type, ["a value that its field cannot write"]) from None
        return data


# A value that was just written by one of these needs no reading back: that costs more than all the rest.
_WRITTEN_AS = {fields.String: str, fields.Boolean: bool, fields.Integer: int, Moment: str}


def _fits(field: fields.Field[Any], name: str, data: Mapping[str, Any]) -> bool:
    value = data.get(field.data_key or name, missing)
    if value is missing or value is None:
        return not field.required if value is missing else bool(field.allow_none)
    try:
        if _WRITTEN_AS.get(type(field)) is not type(value):
            field.deserialize(value)
        elif type(field) is not Moment:
            for check in field.validators:
                check(value)
    except ValidationError:
        return False
    return True
