"""The paper: geometry of the letter form (domain.md B6, C4), fonts, text, and the same bytes every time."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream

from services.notify.domain import letter as letters
from services.notify.domain.case import Breach
from services.notify.domain.letter import Letter
from services.notify.printing import page as letter_page
from services.notify.printing.typeset import typeset

MM = 25.4 / 96  # the page's own unit is the CSS pixel
SIGNED = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 2, 20, tzinfo=UTC)


def proposed(unit_name: str = "灵芝社区") -> Letter:
    breach = Breach(
        kind="close",
        gen=1,
        started_at=DUE - timedelta(hours=24),
        due=DUE,
        breached_at=DUE,
        letter_after=timedelta(0),
        silent=False,
        unit="C07",
        unit_name=unit_name,
        complexity="simple",
    )
    return letters.propose("XA20261123000123", breach, False, SIGNED)


def content(unit_name: str = "灵芝社区", issuer: str = "深圳市宝安区新安街道办事处") -> dict[str, str]:
    signed = letters.sign(proposed(unit_name), "宝新警示〔2026〕1号", "u1", SIGNED)
    return letter_page.content(signed, issuer=issuer, street="新安街道", telephone="0755-12345678")


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return typeset(content())


@pytest.fixture(scope="module")
def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


@dataclass(frozen=True)
class Run:
    """A run of text: its left end and its baseline in mm from the paper's top left corner, its size in points."""

    text: str
    left: float
    baseline: float
    size: float
    font: str


def runs(page: PageObject) -> list[Run]:
    found: list[Run] = []

    def note(text: str, cm: list[float], tm: list[float], font: dict[str, Any] | None, size: float) -> None:
        if text.strip():
            left, baseline = (cm[4] / 0.75 + tm[4]) * MM, tm[5] * MM
            found.append(Run(text.strip(), left, baseline, size * 0.75, str((font or {}).get("/BaseFont"))))

    page.extract_text(visitor_text=note)
    return found


def run(page: PageObject, start: str) -> Run:
    return next(each for each in runs(page) if each.text.startswith(start))


def red_lines(page: PageObject) -> Iterator[tuple[float, float, float]]:
    """Left, top and width in mm of each red double line."""
    red, seen = False, set()
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        if operator == b"rg":
            red = float(operands[0]) > 0.8 and float(operands[1]) < 0.1
        if operator == b"re" and red and float(operands[3]) > 3:
            seen.add(tuple(round(float(each) * MM, 2) for each in operands[:3]))
    yield from sorted(seen, key=lambda line: line[1])


def test_the_paper_is_a4(reader: PdfReader) -> None:
    box = reader.pages[0].mediabox
    assert (round(box.width / 72 * 25.4), round(box.height / 72 * 25.4)) == (210, 297)


def test_the_letter_fits_one_page_and_its_slip_another(reader: PdfReader) -> None:
    assert len(reader.pages) == 2
    assert "附件" in reader.pages[1].extract_text()


def test_the_head_stands_30_mm_below_the_papers_top(reader: PdfReader) -> None:
    head = run(reader.pages[0], "深圳市宝安区")
    ink_top = head.baseline - 0.853 * head.size / 72 * 25.4  # where Noto Serif's ideographs begin above the baseline
    assert ink_top == pytest.approx(30, abs=1)


def test_the_red_double_lines_are_170_mm_long_and_centred(reader: PdfReader) -> None:
    upper, lower = red_lines(reader.pages[0])
    for left, _, width in (upper, lower):
        assert width == pytest.approx(170, abs=0.5)
        assert left == pytest.approx(20, abs=0.5)
    assert lower[1] == pytest.approx(297 - 20 - 1.5, abs=1)


def test_the_number_stands_flush_right_below_the_line(reader: PdfReader) -> None:
    number = run(reader.pages[0], "宝新警示")
    upper, _ = red_lines(reader.pages[0])
    ink_top = number.baseline - 0.85 * number.size / 72 * 25.4
    assert ink_top - (upper[1] + 1.5) == pytest.approx(4.9, abs=1)
    assert number.left > 105


def test_type_sizes_follow_the_standard(reader: PdfReader) -> None:
    first, second = reader.pages
    assert run(first, "关于诉求").size == pytest.approx(22, abs=0.1)
    assert run(first, "经查").size == pytest.approx(16, abs=0.1)
    assert run(second, "— 2").size == pytest.approx(14, abs=0.1)


def test_the_title_is_centred_and_the_addressee_flush_left(reader: PdfReader) -> None:
    page = reader.pages[0]
    title, to = run(page, "关于诉求"), run(page, "灵芝社区")
    assert title.left - 28 == pytest.approx(184 - (title.left + len(title.text) * 22 / 72 * 25.4), abs=1)
    assert to.left == pytest.approx(28, abs=1)


def test_text_begins_two_characters_in(reader: PdfReader) -> None:
    for start in ("经查", "上述情况", "一、", "逾期未整改", "附件："):
        assert run(reader.pages[0], start).left == pytest.approx(28 + 2 * 15.78 / 72 * 25.4, abs=1), start


def test_the_date_ends_four_characters_from_the_right_edge(reader: PdfReader) -> None:
    date = run(reader.pages[0], "2026年11月24日")
    width = 8 * 0.56 * 16 + 3 * 16  # eight digits, three ideographs
    assert date.left + width / 72 * 25.4 == pytest.approx(184 - 4 * 15.78 / 72 * 25.4, abs=2)


def test_the_first_page_has_no_page_number_and_even_ones_have_it_left(reader: PdfReader) -> None:
    assert not any(each.text.startswith("—") for each in runs(reader.pages[0]))
    assert run(reader.pages[1], "— 2").left == pytest.approx(28 + 14 / 72 * 25.4, abs=1)


def test_a_page_of_text_holds_22_lines_of_28_characters() -> None:
    page = letter_page.html(content())
    body = re.sub(r"<body>.*</body>", f"<body><p style='text-indent:0'>{'新' * 28 * 30}</p></body>", page, flags=re.S)
    from weasyprint import HTML

    pages = PdfReader(io.BytesIO(HTML(string=body).write_pdf())).pages
    lines = [each for each in pages[0].extract_text().splitlines() if "新" in each]
    assert [len(each.strip()) for each in lines] == [28] * 22


def test_every_font_is_embedded_and_its_text_can_be_copied(reader: PdfReader) -> None:
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            described = font.get_object()
            descriptor = described["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert "/ToUnicode" in described
            assert any(each in descriptor for each in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_rare_characters_of_names_are_printed_and_copied() -> None:
    text = PdfReader(io.BytesIO(typeset(content(unit_name="喆堃镕祎社区")))).pages[0].extract_text()
    assert "喆堃镕祎社区" in text


def test_dates_have_no_leading_zeros(reader: PdfReader) -> None:
    assert not re.search(r"(?<!\d)0\d[月日]", "".join(page.extract_text() for page in reader.pages))


def test_the_letter_says_what_happened_and_what_is_demanded(reader: PdfReader) -> None:
    text = reader.pages[0].extract_text().replace("\n", "")
    for part in (
        "XA20261123000123",
        "2026年11月23日10时20分派发",
        "2026年11月24日10时20分前办结",
        "2026年11月27日前",
        "简单问题24小时办结",
    ):
        assert part in text


def test_nothing_of_the_resident_is_printed() -> None:
    page = letter_page.html(content())
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", page)
    assert content().keys().isdisjoint({"name", "mobile", "query_code", "text", "place"})


def test_the_same_letter_has_the_same_bytes(pdf: bytes) -> None:
    assert typeset(content()) == pdf


def test_the_documents_date_is_the_signatures(reader: PdfReader) -> None:
    assert reader.metadata is not None
    assert reader.metadata.creation_date == SIGNED


@pytest.mark.parametrize("issuer", ["新安街道办事处", "广东省深圳市宝安区新安街道办事处民生诉求中心"])
def test_a_short_and_a_long_head_stay_within_the_lines(issuer: str) -> None:
    page = PdfReader(io.BytesIO(typeset(content(issuer=issuer)))).pages[0]
    head = next(each for each in runs(page) if each.text.startswith(issuer[:4]) and each.size > 17)
    width = len(issuer) * head.size / 72 * 25.4
    assert head.left >= 20
    assert head.left + width <= 190.5
    assert head.left + width / 2 == pytest.approx(105, abs=1)


def test_a_name_is_never_markup() -> None:
    assert "<b>" not in letter_page.html(content(unit_name="<b>粗</b>")).split('class="to">')[1].split("</p>")[0]


def test_an_unsigned_letter_has_no_paper() -> None:
    with pytest.raises(ValueError, match="signed"):
        letter_page.content(proposed(), issuer="a", street="b", telephone="c")
