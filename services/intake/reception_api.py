"""The HTTP resources of the centre's reception: cases listed, read, accepted, refused, and their writers revealed."""

from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection

from chassis import web
from chassis.masking import mask
from services.intake import metrics
from services.intake.commands import deciding, identities, queries
from services.intake.domain.identity import masked_mobile, masked_name
from services.intake.domain.requests import CaseListRequest, RefusalRequest, RevealRequest
from services.intake.front_door import context
from services.intake.schemas.reception import (
    AcceptSchema,
    CaseDetail,
    CaseList,
    CaseListQuery,
    RefuseSchema,
    RevealedSchema,
    RevealSchema,
)

blueprint = web.Blueprint("centre", __name__, description="Where the centre accepts or refuses letters")


@blueprint.route("/desk/cases", methods=["GET"])
@web.requires("centre")
@blueprint.arguments(CaseListQuery, location="query")
@blueprint.response(200, CaseList)
def case_list(asked: CaseListRequest) -> dict[str, Any]:
    """Cases in order of arrival, of one state or all."""
    with web.database().transaction() as tx:
        items, after = queries.case_list(tx, asked)
    return {"items": items, "next": after}


@blueprint.route("/desk/cases/<number>", methods=["GET"])
@web.requires("centre")
@blueprint.response(200, CaseDetail)
def case(number: str) -> Any:
    """One case in full, its writer masked."""
    with web.database().transaction() as tx:
        return _detail(tx, number)


@blueprint.route("/desk/cases/<number>/accept", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(AcceptSchema)
@blueprint.response(200, CaseDetail)
def accept(nothing: dict[str, Any], number: str) -> Any:
    """Accept the case: from here on dispatch decides."""
    with web.database().transaction() as tx, web.idempotent(tx, route="accept", request_hash_of=nothing) as once:
        if not once.existing:
            deciding.accept(tx, number, web.expect_revision)
            once.remember(number)
            metrics.DECIDED.labels("accept").inc()
        return _detail(tx, number)


@blueprint.route("/desk/cases/<number>/refuse", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(RefuseSchema)
@blueprint.response(200, CaseDetail)
def refuse(refusal: RefusalRequest, number: str) -> Any:
    """Refuse the case with a reason, which the resident is told (R20)."""
    payload = asdict(refusal)
    with web.database().transaction() as tx, web.idempotent(tx, route="refuse", request_hash_of=payload) as once:
        if not once.existing:
            deciding.refuse(tx, number, refusal.reason, web.expect_revision)
            once.remember(number)
            metrics.DECIDED.labels("refuse").inc()
        return _detail(tx, number)


@blueprint.route("/desk/cases/<number>/reveal", methods=["POST"])
@web.requires("centre")
@blueprint.arguments(RevealSchema)
@blueprint.response(200, RevealedSchema)
def reveal(asked: RevealRequest, number: str) -> dict[str, str | None]:
    """Full name and telephone of one case; each read is logged with who asked and why (X04)."""
    with web.database().transaction() as tx:
        writer = identities.reveal(tx, context(), number, web.caller().subject, mask(asked.reason))
    metrics.IDENTITIES_READ.labels("reveal").inc()
    return {"number": number, "name": writer.name, "mobile": writer.mobile}


def _detail(tx: Connection, number: str) -> tuple[dict[str, Any], dict[str, str]]:
    case, writer = queries.case(tx, number), identities.writer(tx, context(), number)
    detail = {each.name: getattr(case, each.name) for each in fields(case)}
    detail |= {"name": masked_name(writer.name), "mobile": masked_mobile(writer.mobile)}
    return detail, {"ETag": web.etag(case.revision)}
