"""A real Prometheus looks at a real system: every panel has something to show, and every rule can be evaluated."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from deploy.demo.observed import complete, upload
from deploy.grafana.asking import Prometheus, Proof
from deploy.observe.monitoring import Monitoring
from tests.support.driver import People, until
from tests.support.pictures import photo

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}, "notify": {"SMS_WINDOW": "1"}}
STALLS = "餐馆油烟扰民，占道经营也没人管。"  # two units could lead: waits for the centre
YELLOW, RED = timedelta(hours=18, minutes=5), timedelta(hours=24, minutes=15)
SECONDS = 150.0


@pytest.fixture(scope="module")
def prometheus(people: People) -> Iterator[Prometheus]:
    """Debian's, with our configuration and rules, scraping this system and the broker under it."""
    broker = people.system.servers.rabbit.prometheus.removeprefix("http://").removesuffix("/metrics")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RABBITMQ_METRICS", broker)
        monitoring = Monitoring(people.system.folder)
        try:
            monitoring.start()
            asked = Prometheus(monitoring.url("prometheus"))
            until(lambda: asked.series("lianxin_build_info", instant=True) >= 8, "all processes are scraped")
            yield asked
            asked.close()
        finally:
            monitoring.stop()


@pytest.fixture(scope="module")
def proof(people: People, prometheus: Prometheus) -> Proof:
    """What every panel and rule says after everything has happened that they tell of.

    Everything happens twice, with a look of Prometheus between: what a series begins with is no rise.
    """
    a_day_at_the_street(people)
    looked = f"min(timestamp(up{{job=~'lianxin-.+'}})) > {time.time()}"
    until(lambda: prometheus.series(looked, instant=True), "Prometheus has looked at every process since")
    a_day_at_the_street(people)
    limits_pass(people)
    return complete(prometheus, SECONDS)


def a_day_at_the_street(people: People) -> None:
    """A letter from its photo to its rating, and one that the centre must send."""
    upload(people.system.url, photo(width=320, height=240))
    people.submit(description=STALLS)
    receipt = people.submit()
    unit = people.wait_for("dispatch", "case.dispatched", receipt.number).data["unit"]
    people.acknowledge(receipt.number, unit)
    people.contact(receipt.number, unit)
    people.reply(receipt.number, unit)
    people.close_case(receipt.number)
    people.wait_for("dispatch", "case.closed", receipt.number)
    until(lambda: people.progress(receipt)["state"] == "closed", "the resident sees the end")
    people.rate(receipt, "satisfied")


def limits_pass(people: People) -> None:
    """A case that nobody touches turns yellow, then red; its letter is signed and printed."""
    left = people.submit().number
    unit = people.wait_for("dispatch", "case.dispatched", left).data["unit"]
    people.wait_for("sla", "clock.started", left, kind="close")
    people.be_ahead(YELLOW)
    people.wait_for("sla", "clock.warned", left, kind="close")
    people.be_ahead(RED)
    people.wait_for("sla", "clock.breached", left, kind="close")
    people.wait_for("notify", "letter.proposed", left)
    letter = people.sign(people.letter(left)["id"])["id"]
    people.wait_for("notify", "letter.issued", left)
    people.acknowledge_letter(letter, unit)


def test_every_panel_that_can_have_data_here_has_some_and_every_rule_is_in_order(proof: Proof) -> None:
    assert [str(finding) for finding in proof.missing] == []
    assert proof.asked > 100
    assert proof.rules > 40


def test_only_panels_of_kubernetes_were_not_asked(proof: Proof) -> None:
    assert [reason.split(" / ")[0] for reason in proof.left_out] == ["lianxin-services"] * 3
