"""What the demo makes of a file of letters."""

import json
from pathlib import Path

import pytest

from deploy.demo.letters import Community, Unreadable, read

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "deploy/demo/letters.jsonl"
COMMUNITIES = [
    Community(unit["code"], unit["name"])
    for unit in json.loads((ROOT / "services/dispatch/data/organisation.demo.json").read_text())["units"]
    if unit["kind"] == "community"
]
NUMBERS = {f"138000000{i:02d}" for i in range(100)}


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def test_at_least_forty_letters_are_shipped_and_the_first_is_about_the_metro_exit() -> None:
    letters = read(SHIPPED, COMMUNITIES)
    assert len(letters) >= 40
    assert "灵芝地铁站A出口" in letters[0].body["description"] and "电动车" in letters[0].body["description"]


def test_shipped_letters_have_made_up_numbers_and_communities_that_exist() -> None:
    for letter in read(SHIPPED, COMMUNITIES):
        assert letter.body.get("mobile", "13800000000") in NUMBERS
        assert letter.body["community"] in {community.code for community in COMMUNITIES}


def test_shipped_letters_cover_every_identity_rare_characters_and_extreme_lengths() -> None:
    bodies = [letter.body for letter in read(SHIPPED, COMMUNITIES)]
    assert {body["identity"] for body in bodies} == {"named", "withheld", "anonymous"}
    assert all(character in "".join(body.get("name", "") for body in bodies) for character in "喆堃镕祎")
    lengths = [len(body["description"]) for body in bodies]
    assert min(lengths) < 2 and max(lengths) > 1000


def test_what_a_line_leaves_out_is_invented_the_same_at_every_run(tmp_path: Path) -> None:
    file = written(tmp_path / "letters", *({"subject": f"第{i}封", "text": "路灯坏了"} for i in range(50)))
    assert read(file, COMMUNITIES) == read(file, COMMUNITIES)
    assert read(file, COMMUNITIES) != read(file, COMMUNITIES, seed=2)
    for letter in read(file, COMMUNITIES):
        assert letter.body["kind"] and letter.body["place"]
        assert letter.body["identity"] == "anonymous" or (letter.body["name"] and letter.body["mobile"] in NUMBERS)


def test_what_a_line_gives_is_kept_even_when_it_is_wrong(tmp_path: Path) -> None:
    file = written(
        tmp_path / "letters", {"text": "x", "kind": "rant", "mobile": "123", "community": "火星", "identity": "named"}
    )
    body = read(file, COMMUNITIES)[0].body
    assert (body["description"], body["kind"], body["mobile"], body["community"]) == ("x", "rant", "123", "火星")


def test_a_community_may_be_given_by_name(tmp_path: Path) -> None:
    file = written(
        tmp_path / "letters", {"text": "路灯坏了", "community": "宝民"}, {"text": "路灯坏了", "community": "宝民社区"}
    )
    assert [letter.body["community"] for letter in read(file, COMMUNITIES)] == ["C01", "C01"]


def test_submitted_at_sets_the_order_and_lines_without_it_stay_where_they_are(tmp_path: Path) -> None:
    days = ("2020-01-03T08:00:00+08:00", None, "2020-01-02T08:00:00+08:00")
    file = written(tmp_path / "letters", *({"text": "路灯坏了", "submitted_at": day} for day in days))
    assert [letter.line for letter in read(file, COMMUNITIES)] == [3, 1, 2]


def test_a_subject_that_opens_the_text_is_not_said_twice(tmp_path: Path) -> None:
    file = written(tmp_path / "letters", {"subject": "路灯", "text": "路灯坏了"}, {"subject": "急", "text": "路灯坏了"})
    assert [letter.body["description"] for letter in read(file, COMMUNITIES)] == ["路灯坏了", "急\n路灯坏了"]


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_a_line_that_is_no_json_object_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text('{"text": "路灯坏了"}\n' + line + "\n")
    with pytest.raises(Unreadable, match=r"letters\.jsonl:2"):
        read(file, COMMUNITIES)
