"""The files of units, duties and the directory: read, checked in form, and turned into domain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf

from services.dispatch.domain.directory import POSTS as DIRECTORY_POSTS
from services.dispatch.domain.directory import Entry
from services.dispatch.domain.duties import COMPLEXITIES, Duty, Words
from services.dispatch.domain.organisation import KINDS, POSTS, Contact, Unit

NAME = Length(1, 60)


class Unreadable(Exception):
    """The file is not one of its kind; says where."""


class ContactPart(Schema):
    name = fields.Str(required=True, validate=NAME)
    mobile = fields.Str(required=True)


class UnitPart(Schema):
    code = fields.Str(required=True, validate=Length(1, 20))
    name = fields.Str(required=True, validate=NAME)
    kind = fields.Str(required=True, validate=OneOf(KINDS))
    active = fields.Bool(load_default=True)
    aliases = fields.List(fields.Str(validate=Length(2, 30)), load_default=[])
    contacts = fields.Dict(keys=fields.Str(validate=OneOf(POSTS)), values=fields.Nested(ContactPart), required=True)


class OrganisationPart(Schema):
    demo = fields.Bool(load_default=False)
    version = fields.Str(required=True, validate=NAME)
    units = fields.List(fields.Nested(UnitPart), required=True, validate=Length(min=1))


class WordsPart(Schema):
    priority = fields.List(fields.Str(validate=Length(1, 30)), load_default=[])
    sensitive = fields.List(fields.Str(validate=Length(1, 30)), load_default=[])
    complex = fields.List(fields.Str(validate=Length(1, 30)), load_default=[])


class DutyPart(Schema):
    code = fields.Str(required=True, validate=Length(1, 20))
    category = fields.Str(required=True, validate=Length(1, 40))
    name = fields.Str(required=True, validate=NAME)
    keywords = fields.List(fields.Str(validate=Length(2, 30)), required=True)
    examples = fields.List(fields.Str(), load_default=[])
    lead = fields.Str(required=True)
    helpers = fields.List(fields.Str(), load_default=[])
    complexity = fields.Str(required=True, validate=OneOf(COMPLEXITIES))
    priority = fields.Bool(load_default=False)
    sensitive = fields.Bool(load_default=False)
    legal_basis = fields.Str(load_default="")
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(load_default=None, allow_none=True)


class DutiesPart(Schema):
    demo = fields.Bool(load_default=False)
    version = fields.Str(required=True, validate=NAME)
    words = fields.Nested(WordsPart, load_default=lambda: WordsPart().load({}))
    duties = fields.List(fields.Nested(DutyPart), required=True, validate=Length(min=1))


class EntryPart(Schema):
    code = fields.Str(required=True, validate=Length(1, 20))
    post = fields.Str(required=True, validate=OneOf(tuple(DIRECTORY_POSTS)))
    name = fields.Str(required=True, validate=NAME)
    telephone = fields.Str(required=True)
    checked_on = fields.Date(required=True)
    community = fields.Str(load_default=None, validate=Length(1, 20))
    grid = fields.Str(load_default="", validate=Length(max=30))


class DirectoryPart(Schema):
    demo = fields.Bool(load_default=False)
    version = fields.Str(required=True, validate=NAME)
    entries = fields.List(fields.Nested(EntryPart), required=True, validate=Length(min=1))


@dataclass(frozen=True, slots=True)
class OrganisationFile:
    demo: bool
    version: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class DutiesFile:
    demo: bool
    version: str
    words: Words
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    demo: bool
    version: str
    entries: tuple[Entry, ...]


def organisation(path: Path) -> OrganisationFile:
    """The organisation in a JSON file. Raises Unreadable."""
    found = _read(path, OrganisationPart())
    return OrganisationFile(found["demo"], found["version"], tuple(_unit(part) for part in found["units"]))


def duties(path: Path) -> DutiesFile:
    """The duty list in a JSON file. Raises Unreadable."""
    found = _read(path, DutiesPart())
    words = Words(**_plain(found["words"]))
    return DutiesFile(found["demo"], found["version"], words, tuple(Duty(**_plain(part)) for part in found["duties"]))


def directory(path: Path) -> DirectoryFile:
    """The public directory in a JSON file. Raises Unreadable."""
    found = _read(path, DirectoryPart())
    return DirectoryFile(found["demo"], found["version"], tuple(Entry(**part) for part in found["entries"]))


def _read(path: Path, schema: Schema) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Unreadable(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise Unreadable(f"{path}: {json.dumps(error.messages, ensure_ascii=False)}") from error
    except ValueError as error:
        raise Unreadable(f"{path} is not JSON in UTF-8: {error}") from error
    return found


def _unit(part: Mapping[str, Any]) -> Unit:
    contacts = {post: Contact(**contact) for post, contact in part["contacts"].items()}
    return Unit(**{**_plain(part), "contacts": contacts})


def _plain(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in part.items()}
