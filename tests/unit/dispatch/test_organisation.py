"""Units as data: what a file may say, and what loading it changes."""

from dataclasses import replace

from services.dispatch.domain import organisation
from services.dispatch.domain.organisation import Contact, Organisation, Unit

CONTACTS = {post: Contact("值班台", "13800000001") for post in organisation.POSTS}
CENTRE = Unit("CENTRE", "街道民生诉求中心", "centre", contacts=CONTACTS)
C01 = Unit("C01", "宝民社区", "community", contacts=CONTACTS)
C02 = Unit("C02", "灵芝园社区", "community", contacts=CONTACTS)
NOTHING = Organisation()


def stored(*units: Unit) -> Organisation:
    return Organisation({u.code: replace(u, version=1) for u in units})


def test_a_new_unit_is_the_first_version_of_itself() -> None:
    changes = organisation.changes(NOTHING, [CENTRE, C01])
    assert [(c.unit.code, c.unit.version, str(c)) for c in changes] == [
        ("CENTRE", 1, "+ CENTRE 街道民生诉求中心"),
        ("C01", 1, "+ C01 宝民社区"),
    ]


def test_loading_the_same_units_again_changes_nothing() -> None:
    assert organisation.changes(stored(CENTRE, C01), [CENTRE, C01]) == []


def test_a_twenty_second_community_needs_no_code() -> None:
    assert organisation.problems([CENTRE, C01, Unit("C22", "新社区", "community", contacts=CONTACTS)], NOTHING) == []


def test_a_closed_unit_is_changed_keeps_its_row_and_receives_nothing() -> None:
    closed = replace(C01, active=False)
    [change] = organisation.changes(stored(CENTRE, C01), [CENTRE, closed])
    assert (change.unit.version, str(change)) == (2, "~ C01 宝民社区: active")
    after = stored(CENTRE, closed)
    assert not after.can_receive("C01")
    assert after.name_of("C01") == "宝民社区"


def test_a_changed_telephone_is_told_without_being_shown() -> None:
    moved = replace(C01, contacts={**CONTACTS, "duty": Contact("值班台", "13800000099")})
    [change] = organisation.changes(stored(CENTRE, C01), [CENTRE, moved])
    assert str(change) == "~ C01 宝民社区: contacts"


def test_a_unit_never_disappears() -> None:
    assert organisation.problems([CENTRE], stored(CENTRE, C01)) == [
        'C01 is missing: a unit is closed with "active": false, it never disappears'
    ]


def test_codes_and_names_are_unique_and_there_is_one_centre() -> None:
    found = organisation.problems([C01, C01], NOTHING)
    assert found == [
        "C01 occurs twice",
        "the name 宝民社区 occurs twice",
        "exactly one unit of kind centre is needed, with the code CENTRE",
    ]


def test_every_post_has_a_mobile() -> None:
    bad = replace(C01, contacts={"duty": Contact("值班台", "0755-1")})
    assert organisation.problems([CENTRE, bad], NOTHING) == [
        "C01 has no head",
        "C01 has no leader",
        "C01: the mobile of duty is not a mobile number",
    ]


def test_a_community_is_named_by_its_full_name_only() -> None:
    units = stored(C01, C02)
    assert units.communities_in("灵芝园社区门口和灵芝地铁站") == {"C02"}
    assert units.communities_in("灵芝地铁站A出口") == frozenset()


def test_a_unit_that_is_not_known_is_called_by_its_code() -> None:
    assert NOTHING.name_of("C77") == "C77"
    assert NOTHING.name_of(None) is None
