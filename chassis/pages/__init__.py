"""Server-rendered pages, one look for all services: layout, one stylesheet, one script, forms that can be trusted.

    blueprint = pages.Blueprint("desk", __name__)

    @blueprint.route("/desk")
    @pages.requires("centre")
    def queue():
        return pages.page("desk/queue.html", now=now, cases=cases)

A template extends `layout.html` and fills `title` and `content`; `forms.html` has the fields; the words for classes
stand on top of `static/lianxin.css`, those for data-attributes on top of `static/lianxin.js`; a list to be worked
through by keyboard adds `static/worklist.js`. A refusal of any kind becomes a page that says what to do next; an
officer whose token has ended is sent to renew it and comes back.
"""

from chassis.pages.blueprint import Blueprint, csrf_exempt
from chassis.pages.filters import left, mark, when
from chassis.pages.rendering import back, fragment, framed, page
from chassis.pages.shelf import static
from chassis.pages.typed import errors_of, local
from chassis.web.callers import caller, requires
from chassis.web.cookies import drop as drop_cookie
from chassis.web.cookies import put as put_cookie
from chassis.web.cookies import sign, unsign
from chassis.web.csrf import token as csrf_token

__all__ = [
    "Blueprint",
    "back",
    "caller",
    "csrf_exempt",
    "csrf_token",
    "drop_cookie",
    "errors_of",
    "fragment",
    "framed",
    "left",
    "local",
    "mark",
    "page",
    "put_cookie",
    "requires",
    "sign",
    "static",
    "unsign",
    "when",
]
