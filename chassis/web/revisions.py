"""If-Match: two people who act on the same thing do not overwrite each other (RFC 9110 section 13.1.1)."""

from flask import request

from chassis.web.problems import Refusal


def etag(revision: int) -> str:
    """The ETag of a revision: a strong one, as If-Match needs."""
    return f'"{revision}"'


def expect_revision(revision: int) -> None:
    """Refuses with 412 `stale` if the caller named another revision than `revision` in If-Match. No header, no check.

    Raises Refusal `bad_revision` if the header holds anything but revisions of ours.
    """
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return
    revisions = [_revision(part) for part in given.split(",")]
    if revision not in revisions:
        raise Refusal("stale", revision=revision)


def _revision(part: str) -> int:
    text = part.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Refusal("bad_revision", "If-Match")
    return int(text)
