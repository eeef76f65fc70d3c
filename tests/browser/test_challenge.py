"""The proof of work as a browser finds it: what the page's script answers is what the server checks."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from services.intake.domain.challenge import seed, solved

SCRIPT = Path(__file__).parents[2] / "services" / "intake" / "static" / "challenge.js"


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_the_script_finds_an_answer_that_the_server_takes(chromium: Browser, bits: int) -> None:
    page = chromium.new_page()
    page.set_content(
        f'<form><input name="answer"><div data-challenge="{seed("question")}" data-bits="{bits}">'
        "<span data-challenge-said></span></div><button>提交</button></form>"
    )
    page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
    expect(page.locator("span")).to_have_text("核对已完成，请再按一次提交。", timeout=60_000)
    assert solved("question", page.locator("input").input_value(), bits)
    expect(page.locator("button")).to_be_enabled()
    page.close()
