"""The street before anybody writes: four units and three duties, told by dispatch to all who read them."""

from datetime import date

from services.dispatch import commands as dispatch
from services.dispatch.commands.files import OrganisationFile
from services.dispatch.domain.duties import Duty
from services.dispatch.domain.organisation import Contact, Unit
from tests.simulation.town import Town

UNITS = ("CENTRE", "C01", "O01", "O02")


def _unit(code: str, place: int) -> Unit:
    kind = {"CENTRE": "centre", "C01": "community"}.get(code, "office")
    # The head and the leader of an office are one person: their messages are gathered.
    posts = {"duty": 3 * place + 1, "head": 3 * place + 2, "leader": 3 * place + 2 + (place % 2)}
    contacts = {post: Contact(f"{code} {post}", f"138000000{n:02d}") for post, n in posts.items()}
    return Unit(code, f"{code}单位", kind, True, (), contacts)


ORGANISATION = OrganisationFile(False, "simulated", tuple(_unit(code, n) for n, code in enumerate(UNITS)))
DUTIES = {
    code: Duty(code, "城管", code, words, lead, complexity, date(2026, 1, 1))
    for code, words, lead, complexity in (
        ("SR01", ("路灯", "维修路灯"), "O01", "simple"),
        ("SR02", ("占道经营", "夜宵摊"), "O02", "complex"),
        ("SR03", ("物业",), "O01", "complex"),
    )
}


def found(town: Town) -> None:
    """Founds the street, through dispatch's own command."""
    database = town.databases["dispatch"]
    words = {"priority": ["联名"], "sensitive": ["静坐"], "complex": []}
    with database.transaction() as tx:
        for name in ("organisation", "duties"):
            tx.put("editions", name, {"name": name, "id": "", "version": "simulated", "words": words})
        for code, duty in DUTIES.items():
            tx.put("duties", code, {each: getattr(duty, each) for each in Duty.__slots__ if each != "_index"})
        dispatch.load_organisation(tx, ORGANISATION)  # type: ignore[arg-type]
