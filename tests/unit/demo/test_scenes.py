"""What the scenes decide by themselves."""

import pytest

from deploy.demo.__main__ import stays_up
from deploy.demo.outside import persons_in

WRITERS = [{"name": "冯喆堃", "mobile": "13800000009"}, {"name": "林志航", "mobile": "13800000017"}, {}]


def test_a_name_or_a_telephone_in_what_was_heard_is_found() -> None:
    assert persons_in('{"body": "{\\"unit_name\\": \\"宝民社区\\"}"}', WRITERS) == set()
    assert persons_in('{"body": "{\\"text\\": \\"冯喆堃来信\\"}"}', WRITERS) == {1}
    assert persons_in('{"body": "{\\"text\\": \\"电话13800000017\\"}"}', WRITERS) == {2}
    assert persons_in('{"subject": "XA20261124000017", "time": "2026-11-24T06:00:00.138000Z"}', WRITERS) == set()


@pytest.mark.parametrize("environment", [{"ONCE": "1"}, {"CI": "true"}, {}])
def test_without_a_terminal_the_demo_ends_by_itself(environment: dict[str, str]) -> None:
    assert not stays_up(environment)
