"""/letters: warning letters as people see them: what waits for whom, what it says, signing, declining, receipt."""

from typing import Any

from flask import Response, make_response, request, send_file
from marshmallow import ValidationError

from chassis import clock, pages, web
from services.notify import schemas, store
from services.notify.commands import letters as commands
from services.notify.domain.letter import Letter
from services.notify.errors import LetterNotFound
from services.notify.pages import door
from services.notify.printing import paper as letter_page

blueprint = pages.Blueprint("letter_pages", __name__)

ALL = "all"
STATES = {
    "proposed": "待签发",
    "signed": "正在排版",
    "issued": "待签收",
    "acknowledged": "已签收",
    "voided": "未签发",
}
"""In the order of a letter's life, as people read them."""
CAUSES = {"declined": "不予签发", "retracted": "超时已撤销"}
LIMITS = {"simple": "简单事项 24 小时", "complex": "复杂事项 3 天"}
PAGE = 50


@blueprint.route("/letters")
@pages.requires(*door.READERS)
def browse() -> Response:
    """Letters the caller may see, newest first; without a state asked for, those that wait for this caller."""
    state = request.args.get("state") or _awaited()
    wanted = {"state": state} if state != ALL else {}
    try:
        query = schemas.LetterQuery().load({**wanted, **_after(), "limit": PAGE})
    except ValidationError:
        raise LetterNotFound() from None  # an address nobody was given by us
    after = str(query["after"]) if "after" in query else None
    with web.database().transaction() as tx:
        found = store.letters.page(tx, web.caller().scopes, query.get("state"), after, PAGE)
    more = found[-1].id if len(found) == PAGE else None
    return pages.page("letters/list.html", letters=found, state=state, states=STATES, words=state_in_words, more=more)


@blueprint.route("/letters/<letter_id>")
@pages.requires(*door.READERS)
def show(letter_id: str) -> Response:
    """One letter: its facts, its paper, and what the caller may do about it."""
    return pages.page("letters/letter.html", **_values(letter_id))


@blueprint.route("/letters/<letter_id>/live")
@pages.requires(*door.READERS)
def live(letter_id: str) -> Response:
    """The part of the page that changes while the printer works."""
    return pages.fragment("letters/body.html", **_values(letter_id))


@blueprint.route("/letters/<letter_id>/draft")
@pages.requires(*door.READERS)
def draft(letter_id: str) -> Response:
    """What the paper of a proposed letter would say if it were signed now."""
    with web.database().transaction() as tx:
        letter, now = door.visible(tx, letter_id), clock.now(tx)
    if letter.state != "proposed":
        raise LetterNotFound()
    own = door.settings()
    made = letter_page.draft(
        letter, issuer=own.letter_issuer, street=own.letter_street, telephone=own.telephone, now=now
    )
    return _private(pages.framed(make_response(made)))


@blueprint.route("/letters/<letter_id>/pdf")
@pages.requires(*door.READERS)
def pdf(letter_id: str) -> Response:
    """The paper itself, to be read in the page or on its own."""
    with web.database().transaction() as tx:
        letter = door.visible(tx, letter_id)
        path = commands.paper(tx, door.settings(), letter)
    return _private(pages.framed(send_file(path, mimetype="application/pdf", download_name=path.name)))


@blueprint.route("/letters/<letter_id>/sign", methods=["POST"])
@pages.requires("leader")
def sign(letter_id: str) -> Response:
    """Signs, and shows the number that was given."""
    letter = door.sign(letter_id, {}, _unchecked)
    return pages.back(f"/letters/{letter.id}", said=f"已签发，文号 {letter.number}。")


@blueprint.route("/letters/<letter_id>/decline", methods=["POST"])
@pages.requires("leader")
def decline(letter_id: str) -> Response:
    """Does not sign, for the reason that was typed."""
    typed = {"reason": request.form.get("reason", "").strip()}
    try:
        body = schemas.DeclineBody().load(typed)
    except ValidationError as error:
        refused = {**_values(letter_id), "typed": typed, "errors": pages.errors_of(error)}
        return pages.page("letters/letter.html", status=422, **refused)
    letter = door.decline(letter_id, body, _unchecked)
    return pages.back(f"/letters/{letter.id}", said="已记录：不予签发。")


@blueprint.route("/letters/<letter_id>/acknowledge", methods=["POST"])
@pages.requires("unit")
def acknowledge(letter_id: str) -> Response:
    """The unit confirms that it has its letter."""
    letter = door.acknowledge(letter_id, {}, _unchecked)
    return pages.back(f"/letters/{letter.id}", said="已签收，请按期书面反馈。")


def state_in_words(letter: Letter) -> str:
    """Where a letter stands; of one that was voided, why."""
    return CAUSES.get(letter.cause or "", STATES[letter.state])


def _values(letter_id: str) -> dict[str, Any]:
    with web.database().transaction() as tx:
        letter = door.visible(tx, letter_id)
    return {
        "letter": letter,
        "state": state_in_words(letter),
        "limit": LIMITS.get(letter.complexity, ""),
        "may_sign": letter.state == "proposed" and "leader" in web.caller().roles,
        "may_acknowledge": letter.state == "issued" and web.caller().unit == letter.unit,
        "typed": {},
        "errors": {},
    }


def _awaited() -> str:
    roles = web.caller().roles
    return "proposed" if "leader" in roles else "issued" if roles == {"unit"} else ALL


def _after() -> dict[str, str]:
    return {"after": request.args["after"]} if "after" in request.args else {}


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _unchecked(letter: Letter) -> None:
    """A letter leaves each state once, so that who comes second is refused by the state itself."""
