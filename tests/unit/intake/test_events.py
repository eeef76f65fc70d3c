"""What leaves intake: masked, and exactly what the schemas promise."""

from datetime import UTC, datetime

from services.intake.domain import case as cases
from services.intake.domain.case import AcceptedBy, Imported, Kind, Reason, Statement
from services.intake.events import PUBLISHES, drafts

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
STATEMENT = Statement(Kind.HELP, "我是阮秋萍，13800000001，灯不亮。", "阮秋萍家楼下 粤B12345 旁", "C03", "named")


def test_numbers_plates_and_the_writers_own_name_are_masked() -> None:
    _, raised = cases.submit(STATEMENT, "XA20261124000001", NOW, None)
    [draft] = drafts(raised, "阮秋萍")
    assert "阮秋萍" not in draft.body() and "13800000001" not in draft.body() and "粤B12345" not in draft.body()
    assert draft.data["text"].startswith("我是某某")


def test_a_name_of_one_character_blots_nothing_out() -> None:
    _, raised = cases.submit(STATEMENT, "XA20261124000001", NOW, None)
    assert "灯不亮" in drafts(raised, "灯")[0].data["text"]


def test_subject_and_sequence_follow_the_case() -> None:
    case, raised = cases.submit(STATEMENT, "XA20261124000001", NOW, None)
    for change in (cases.accept(case, AcceptedBy.CENTRE, NOW), cases.refuse(case, Reason.DUPLICATE, NOW)):
        first, second = drafts(raised + change[1])
        assert (first.subject, first.seq, second.seq) == ("XA20261124000001", 1, 2)


def test_only_decisions_are_public() -> None:
    assert {each.type for each in PUBLISHES if each.public} == {"case.accepted", "case.refused", "case.withdrawn"}


def test_what_was_before_an_import_travels_with_both_events() -> None:
    imported = Imported(NOW, NOW, None, "C03", "simple")
    case, raised = cases.submit(STATEMENT, "XA20261124000001", NOW, None, imported)
    raised += cases.accept(case, AcceptedBy.IMPORT, NOW)[1]
    assert drafts(raised)[0].data["imported"] == drafts(raised)[1].data["imported"]
    assert drafts(raised)[0].data["imported"]["dispatched_at"] == "2026-11-24T02:00:00Z"
