"""The files that come with a form, whether it was sent with or without the script."""

from flask import current_app, request

from chassis import web
from chassis.errors import DomainError
from services.intake.domain.media import Kind
from services.intake.front_door import media_context
from services.intake.media.commands import forms
from services.intake.media.context import UploadHandle, parse_handles
from services.intake.uploads_api import source

FORM_BYTES = 200 << 20
"""Largest form with files in it."""


def received() -> list[UploadHandle]:
    """The files of the current form: fields `photos` and `video`, and those its script has already uploaded.

    Raises what `parse_handles` and `store_files` do.
    """
    files = {Kind.PHOTO: request.files.getlist("photos"), Kind.VIDEO: request.files.getlist("video")}
    uploaded = parse_handles(request.form.get("media", ""))
    consent = request.form.get("media_consent") == "true"
    return uploaded + forms.store_files(web.database(), media_context(), files, consent, source())


def sentence(refused: DomainError) -> str:
    """The Chinese sentence for a refused file."""
    table: web.ErrorTable = current_app.extensions["lianxin.errors"]
    return table.sentence(refused.code, refused.data)
