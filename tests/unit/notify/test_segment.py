"""The vectors of domain.md C3: length with signature → billed parts."""

import pytest

from services.notify.domain import segment

SIGNATURE = "【新安街道办】"
SAMPLES = [
    ("您的诉求已收到,编号XA20230518000123,查询码7KQ4MR。我们将在1小时内受理,请勿向他人透露查询码。", 66),
    ("编号XA20230518000123已受理,由灵芝社区承办,预计5月19日10时前办结,联系电话0755-12345678。", 69),
    ("编号XA20230518000123已办结。请回复1满意2基本满意3不满意,或扫原二维码查看结果。", 56),
    ("编号XA20230518000123因需地铁公司配合,经批准延期至5月22日18时,我们会及时告知进展,感谢您的理解与支持。", 69),
    ("预警:编号XA20230518000123距办结时限剩2小时,请立即办理。", 44),
    ("验证码482913,5分钟内有效,用于查询诉求进度,请勿告知他人。", 40),
]


@pytest.mark.parametrize(
    ("length", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4), (500, 8)]
)
def test_parts_follow_the_carriers_rule(length: int, parts: int) -> None:
    assert segment.parts("字" * length) == parts


@pytest.mark.parametrize(("text", "length"), SAMPLES)
def test_the_samples_have_their_length_and_cost_one_part(text: str, length: int) -> None:
    assert segment.length(SIGNATURE + text) == length
    assert segment.parts(SIGNATURE + text) == 1


def test_a_character_outside_the_bmp_counts_twice() -> None:
    assert segment.length("𠮷") == 2
    assert segment.parts("字" * 69 + "𠮷") == 2
