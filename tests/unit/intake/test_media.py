"""How much may come in, and who may see it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.intake.domain.media import Kind, Media, Reason, Stage, State, status_sentence
from services.intake.domain.media_access import Visibility, officer_sees, resident_sees
from services.intake.domain.upload_rules import (
    CHUNK,
    SMALLEST,
    Allowance,
    check_count,
    check_piece,
    check_size,
    check_type,
)
from services.intake.errors import TooManyFiles, UploadTooLarge, WrongOffset

MB = 1 << 20
ALLOWED = Allowance(10 * MB, 100 * MB, photos=9, videos=1, per_case=30)
PHOTO = Media("a" * 22, Kind.PHOTO, State.UPLOADING, 5 * MB, False, datetime(2026, 11, 24, tzinfo=UTC))
VIDEO = replace(PHOTO, kind=Kind.VIDEO, size=100 * MB)


def test_ten_megabytes_of_photo_and_a_hundred_of_video_are_allowed_and_not_a_byte_more() -> None:
    check_size(Kind.PHOTO, 10 * MB, ALLOWED)
    check_size(Kind.VIDEO, 100 * MB, ALLOWED)
    for kind, size in ((Kind.PHOTO, 10 * MB + 1), (Kind.VIDEO, 100 * MB + 1)):
        with pytest.raises(UploadTooLarge):
            check_size(kind, size, ALLOWED)


def test_a_piece_goes_on_where_the_upload_ends() -> None:
    assert check_piece(PHOTO, 0, CHUNK) == CHUNK
    begun = replace(PHOTO, ends=(CHUNK,))
    assert check_piece(begun, CHUNK, CHUNK) == 2 * CHUNK
    for offset in (0, CHUNK - 1, CHUNK + 1, 5 * MB):
        with pytest.raises(WrongOffset) as refused:
            check_piece(begun, offset, CHUNK)
        assert refused.value.data == {"offset": CHUNK}


def test_only_the_last_piece_may_be_small_and_none_may_go_beyond_the_size() -> None:
    almost = replace(PHOTO, ends=(5 * MB - 10,))
    assert check_piece(almost, 5 * MB - 10, 10) == 5 * MB
    for upload, length in ((PHOTO, 1), (PHOTO, SMALLEST - 1), (almost, 11), (PHOTO, CHUNK + 1)):
        with pytest.raises(UploadTooLarge):
            check_piece(upload, upload.offset, length)


def test_nothing_is_added_to_what_is_finished() -> None:
    with pytest.raises(WrongOffset):
        check_piece(replace(PHOTO, state=State.CHECKING, ends=(5 * MB,)), 5 * MB, 1)


def test_a_video_is_no_photo_and_a_zip_is_neither() -> None:
    jpeg, webm = b"\xff\xd8\xff\xe0", b"\x1a\x45\xdf\xa3\x01\x42\x82\x84webm"
    assert check_type(Kind.PHOTO, jpeg) is None and check_type(Kind.VIDEO, webm) is None
    for kind, head in ((Kind.PHOTO, webm), (Kind.VIDEO, jpeg), (Kind.PHOTO, b"PK\x03\x04")):
        assert check_type(kind, head) is Reason.WRONG_TYPE


def test_nine_photos_and_one_video_come_with_a_letter() -> None:
    check_count([PHOTO] * 9 + [VIDEO], [], ALLOWED)
    for coming, there in (([PHOTO] * 10, []), ([VIDEO] * 2, []), ([PHOTO] * 9, [PHOTO] * 22)):
        with pytest.raises(TooManyFiles):
            check_count(coming, there, ALLOWED)


@pytest.mark.parametrize("role", ["centre", "leader", "supervisor"])
def test_who_oversees_sees_media_until_dispatch_says_who_does(role: str) -> None:
    assert officer_sees(Visibility(), [role], None, [role])
    about_the_centre = Visibility("dispatched", "C07", scopes=("leader", "supervisor", "unit:C07"))
    assert officer_sees(about_the_centre, [role], None, [role]) == (role != "centre")


def test_a_unit_sees_the_media_of_its_own_cases_only() -> None:
    visibility = Visibility("handling", "C07", helpers=("C08",))
    assert officer_sees(visibility, ["unit"], "C07", ["unit:C07"])
    assert officer_sees(visibility, ["unit"], "C08", ["unit:C08"])
    assert not officer_sees(replace(visibility, restricted=True), ["unit"], "C08", ["unit:C08"])
    assert not officer_sees(visibility, ["unit"], "C09", ["unit:C09"])
    assert not officer_sees(Visibility(), ["unit"], "C07", ["unit:C07"])
    assert not officer_sees(Visibility(), ["unit"], None, [])
    assert not officer_sees(Visibility(), [], None, [])


def test_dispatchs_scopes_decide_alone() -> None:
    visibility = Visibility("handling", "C07", scopes=("centre", "unit:C08"))
    assert not officer_sees(visibility, ["unit"], "C07", ["unit", "unit:C07"])
    assert officer_sees(visibility, ["unit"], "C08", ["unit", "unit:C08"])
    assert not officer_sees(replace(visibility, scopes=()), ["leader"], None, ["leader"])


@pytest.mark.parametrize(
    ("state", "seen"), [(None, False), ("handling", False), ("replied", True), ("closed", True), ("merged", False)]
)
def test_the_resident_sees_the_units_photos_once_the_case_is_answered(state: str | None, seen: bool) -> None:
    assert resident_sees(replace(PHOTO, stage=Stage.WORK), Visibility(state)) is seen
    assert resident_sees(replace(PHOTO, stage=Stage.LETTER), Visibility(state))


def test_every_state_and_every_reason_has_its_sentence() -> None:
    for state in State:
        assert status_sentence(replace(PHOTO, state=state))
    for reason in Reason:
        assert status_sentence(replace(PHOTO, state=State.REFUSED, reason=reason)).endswith("。")
