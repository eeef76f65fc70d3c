"""What the views of API and pages share: the contexts of the commands, and whether a sender is limited."""

from typing import cast

from flask import Flask, current_app

from chassis import web
from chassis.database import Database
from services.intake.commands.context import Context, new_context
from services.intake.media.context import MediaContext, new_media_context
from services.intake.settings import Settings

_CONTEXT, _MEDIA_CONTEXT = "intake", "intake.media"


def install(app: Flask, settings: Settings, database: Database) -> None:
    """Makes both contexts for the app."""
    app.extensions[_CONTEXT] = new_context(settings, database)
    app.extensions[_MEDIA_CONTEXT] = new_media_context(settings)


def context() -> Context:
    return cast(Context, current_app.extensions[_CONTEXT])


def media_context() -> MediaContext:
    return cast(MediaContext, current_app.extensions[_MEDIA_CONTEXT])


def limited_address() -> str | None:
    """The address by which letters are counted and limited; None for officers, who are not limited."""
    return None if web.caller().subject else web.client_address()
