import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis import metrics


@pytest.fixture(autouse=True)
def named():
    before = metrics.REGISTRY.constant
    metrics.configure("sla", "worker")
    yield
    metrics.REGISTRY.constant = before


def samples():
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(each.name, each.labels.get("kind")): each for family in families for each in family.samples}


def test_every_sample_names_its_service_and_process():
    metrics.EVENTS.labels("case.accepted", "applied").inc()
    assert all((each.labels["service"], each.labels["process"]) == ("sla", "worker") for each in samples().values())


def test_an_instrument_of_a_service_is_named_after_it():
    breaches = metrics.counter("unit", "breaches", "Breaches fired", ["kind"])
    armed = metrics.gauge("unit", "armed", "Clocks armed")
    lateness = metrics.histogram("unit", "lateness_seconds", "From due to commit")
    breaches.labels("close").inc()
    armed.set(3)
    lateness.observe(0.003)
    found = samples()
    assert found["lianxin_unit_breaches_total", "close"].value == 1
    assert found["lianxin_unit_armed", None].value == 3
    assert found["lianxin_unit_lateness_seconds_count", None].value == 1


def test_the_process_tells_its_memory_and_cpu():
    assert samples()["process_resident_memory_bytes", None].value > 0
