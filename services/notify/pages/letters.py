"""/letters: the list of warning letters, each letter with its document, and the forms to sign, decline, acknowledge."""

from typing import Any

from flask import Response, make_response, request, send_file
from marshmallow import ValidationError

from chassis import clock, pages, web
from services.limits import days, hours
from services.notify import schemas, store
from services.notify.commands import printing, requests
from services.notify.domain.letter import Letter, State
from services.notify.errors import LetterNotFound
from services.notify.printing import page as letter_page

blueprint = pages.Blueprint("letter_pages", __name__)

ALL = "all"
STATES = {
    State.PROPOSED: "待签发",
    State.SIGNED: "正在排版",
    State.ISSUED: "待签收",
    State.ACKNOWLEDGED: "已签收",
    State.VOIDED: "未签发",
}
"""In the order of a letter's life, as people read them."""
CAUSES = {"declined": "不予签发", "retracted": "超时已撤销"}
LIMITS = {"simple": f"简单事项 {hours('close-simple')} 小时", "complex": f"复杂事项 {days('close-complex')} 天"}
PAGE = 50


@blueprint.route("/letters")
@pages.requires(*requests.READERS)
def browse() -> Response:
    """Letters the caller may see, newest first; if no state is asked for, those that wait for this caller."""
    state = request.args.get("state") or _awaited()
    wanted = {"state": state} if state != ALL else {}
    try:
        query: schemas.LetterPage = schemas.LetterQuery().load({**wanted, **_after(), "limit": PAGE})
    except ValidationError:
        raise LetterNotFound() from None  # no link of ours leads here
    with web.database().transaction() as tx:
        found = store.letters.page(tx, web.caller().scopes, query.state, query.after, query.limit)
    more = found[-1].id if len(found) == PAGE else None
    return pages.page("letters/list.html", letters=found, state=state, states=STATES, words=state_in_words, more=more)


@blueprint.route("/letters/<letter_id>")
@pages.requires(*requests.READERS)
def show(letter_id: str) -> Response:
    """One letter: its facts, its document, and what the caller may do about it."""
    return pages.page("letters/letter.html", **_values(letter_id))


@blueprint.route("/letters/<letter_id>/live")
@pages.requires(*requests.READERS)
def live(letter_id: str) -> Response:
    """The part of the page that changes while the printer works."""
    return pages.fragment("letters/body.html", **_values(letter_id))


@blueprint.route("/letters/<letter_id>/draft")
@pages.requires(*requests.READERS)
def draft(letter_id: str) -> Response:
    """The document as it would read if the letter were signed now."""
    with web.database().transaction() as tx:
        letter, now = requests.visible(tx, letter_id), clock.now(tx)
    if letter.state is not State.PROPOSED:
        raise LetterNotFound()
    own = requests.settings()
    made = letter_page.draft(
        letter, issuer=own.letter_issuer, street=own.letter_street, telephone=own.telephone, now=now
    )
    return _private(pages.framed(make_response(made)))


@blueprint.route("/letters/<letter_id>/pdf")
@pages.requires(*requests.READERS)
def pdf(letter_id: str) -> Response:
    """The PDF, to be read within the page or on its own."""
    with web.database().transaction() as tx:
        letter = requests.visible(tx, letter_id)
        path = printing.printed_file(tx, requests.settings(), letter)
    return _private(pages.framed(send_file(path, mimetype="application/pdf", download_name=path.name)))


@blueprint.route("/letters/<letter_id>/sign", methods=["POST"])
@pages.requires("leader")
def sign(letter_id: str) -> Response:
    """Signs, and shows the number the letter got."""
    letter = requests.sign(letter_id, _any_revision)
    return pages.back(f"/letters/{letter.id}", said=f"已签发，文号 {letter.number}。")


@blueprint.route("/letters/<letter_id>/decline", methods=["POST"])
@pages.requires("leader")
def decline(letter_id: str) -> Response:
    """Declines to sign, for the reason given."""
    typed = {"reason": request.form.get("reason", "").strip()}
    try:
        asked: schemas.Decline = schemas.DeclineBody().load(typed)
    except ValidationError as error:
        refused = {**_values(letter_id), "typed": typed, "errors": pages.errors_of(error)}
        return pages.page("letters/letter.html", status=422, **refused)
    letter = requests.decline(letter_id, asked, _any_revision)
    return pages.back(f"/letters/{letter.id}", said="已记录：不予签发。")


@blueprint.route("/letters/<letter_id>/acknowledge", methods=["POST"])
@pages.requires("unit")
def acknowledge(letter_id: str) -> Response:
    """The unit confirms receipt."""
    letter = requests.acknowledge(letter_id, _any_revision)
    return pages.back(f"/letters/{letter.id}", said="已签收，请按期书面反馈。")


def state_in_words(letter: Letter) -> str:
    """The state of a letter in Chinese; for a voided one, why it was voided."""
    return CAUSES.get(letter.cause or "", STATES[letter.state])


def _values(letter_id: str) -> dict[str, Any]:
    with web.database().transaction() as tx:
        letter = requests.visible(tx, letter_id)
    return {
        "letter": letter,
        "state": state_in_words(letter),
        "limit": LIMITS.get(letter.complexity, ""),
        "may_sign": letter.state is State.PROPOSED and "leader" in web.caller().roles,
        "may_acknowledge": letter.state is State.ISSUED and web.caller().unit == letter.unit,
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


def _any_revision(revision: int) -> None:
    """A letter leaves each state once, so the state itself refuses whoever comes second."""
