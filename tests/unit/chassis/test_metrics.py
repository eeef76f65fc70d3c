import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from chassis import metrics
from chassis.database import Database


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
    breaches = metrics.counter("unit", "breaches", "Breaches fired", {"kind": ("close", "contact")})
    armed = metrics.reading("unit", "armed", "Clocks armed")
    lateness = metrics.histogram("unit", "lateness_seconds", "From due to commit")
    assert samples()["lianxin_unit_breaches_total", "contact"].value == 0
    breaches.labels("close").inc()
    armed.set(3)
    lateness.observe(0.003)
    found = samples()
    assert found["lianxin_unit_breaches_total", "close"].value == 1
    assert found["lianxin_unit_armed", None].value == 3
    assert found["lianxin_unit_lateness_seconds_count", None].value == 1


def test_the_process_tells_its_memory_and_cpu():
    assert samples()["process_resident_memory_bytes", None].value > 0


def test_a_reading_shows_what_was_read_last_and_no_more_than_that():
    waiting = metrics.reading("unit", "waiting", "Letters that wait", {"kind": ("a", "b")})
    assert ("lianxin_unit_waiting", "a") not in samples()
    waiting.replace({("a",): 1, ("b",): 2})
    waiting.replace({("a",): 3})
    assert samples()["lianxin_unit_waiting", "a"].value == 3
    assert ("lianxin_unit_waiting", "b") not in samples()


def test_a_reading_is_gone_once_nobody_reads_it():
    lag = metrics.reading("unit", "lag_seconds", "Lag", fresh=0.0)
    lag.set(7)
    assert ("lianxin_unit_lag_seconds", None) not in samples()


def test_what_is_declared_says_which_values_its_labels_take():
    assert [each.name for each in metrics.REGISTRY.catalogue if not all(each.labels.values())] == []


def test_a_wait_for_a_connection_is_measured_and_the_pool_tells_what_is_in_use():
    database = Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1)
    before = samples()["lianxin_pool_wait_seconds_count", None].value
    with pytest.raises(OperationalError), database.transaction():
        pass
    assert samples()["lianxin_pool_wait_seconds_count", None].value == before + 1
    assert samples()["lianxin_pool_connections", None].value == 0
