"""The blueprint of pages: what it adds to the application once, and what it checks in every request."""

import uuid
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import flask
from flask import Response, redirect, request
from flask.sansio.app import App
from flask.sansio.blueprints import BlueprintSetupState
from jinja2 import StrictUndefined

from chassis.pages import filters, refused, rendering, shelf
from chassis.pages.typed import local
from chassis.web import cookies, csrf

TEMPLATES = Path(__file__).parent / "templates"
YEAR = 365 * 86400

View = TypeVar("View")


class Blueprint(flask.Blueprint):
    """For pages: HTML refusals, a Content-Security-Policy, forms checked on every method that changes something.

    Templates and static files are those of the package that `import_name` lies in (`services/<x>/templates`,
    `services/<x>/static`). `max_content_length`, in bytes, replaces BODY_LIMIT for its views; a view's attribute of
    that name goes before. Nothing of it is in the OpenAPI document.
    """

    has_pages = True

    def __init__(self, name: str, import_name: str, *, max_content_length: int | None = None, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.max_content_length = max_content_length
        if self.template_folder is None and (folder := _near(self.root_path, "templates")):
            self.template_folder = str(folder)
        self.record(_prepare)
        self.before_request(csrf.check)
        self.before_request(_choose_type_size)


def csrf_exempt(view: View) -> View:
    """For a view that may be called from anywhere, since calling it does no harm; it reads no form."""
    view.lianxin_csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _prepare(state: BlueprintSetupState) -> None:
    app, service = state.app, state.app.name.rpartition(".")[2]
    if shelf.EXTENSION not in app.extensions:
        app.extensions[shelf.EXTENSION] = shelf.Shelf()
        app.add_url_rule("/static/<path:name>", "static", shelf.serve)
        # Browsers ask for it beside whatever has no layout: a photo, a PDF, a fragment without the script.
        app.add_url_rule("/favicon.ico", "favicon", lambda: redirect(shelf.static("lianxin.svg")))
        app.register_blueprint(flask.Blueprint("chassis", __name__, template_folder=str(TEMPLATES)))
        app.extensions["lianxin.problem_page"] = refused.page_of
        _furnish(app)
    if folder := _near(state.blueprint.root_path, "static"):
        app.extensions[shelf.EXTENSION].add(folder, f"{service}/")


def _furnish(app: App) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"when": filters.when, "left": filters.left_in_page, "mark": filters.mark}
    app.jinja_env.globals |= {"csrf": rendering.csrf_field, "once": rendering.once_field, "static": shelf.static}
    app.jinja_env.globals |= {"new_key": lambda: str(uuid.uuid4())}
    app.context_processor(rendering.surroundings)


def _near(root: str, name: str) -> Path | None:
    """The folder `name` beside a module, or one or two packages above it."""
    here = Path(root)
    return next((each / name for each in (here, *here.parents[:2]) if (each / name).is_dir()), None)


def _choose_type_size() -> Response | None:
    """`?elder=1` and `?elder=0` are remembered for a year; works without the script."""
    chosen = request.args.get("elder")
    if request.method != "GET" or chosen not in ("0", "1"):
        return None
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "elder"]
    answer: Response = redirect(local(request.path + (f"?{urlencode(rest)}" if rest else "")), 303)  # type: ignore[assignment]
    # Not HttpOnly: the script changes it too, without leaving a half-written letter.
    answer.set_cookie("elder", chosen, max_age=YEAR, secure=cookies.secure(), samesite="Lax")
    return answer
