"""Whatever the interfaces' own documents allow or forbid: no request ends in a 5xx, for nobody and for every role."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from deploy.system.testbed import SystemUnderTest
from services import SERVICES

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
SETTINGS = {"intake": {"LIMIT_UPLOADS": "false"}}
REQUESTS = 12
"""Invented requests for each operation and each caller."""
CALLERS = {"nobody": None, "centre": ("centre", "CENTRE"), "unit": ("unit", "C02"), "leader": ("leader", None)}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("caller", CALLERS)
def test_no_request_ends_in_a_server_error(system: SystemUnderTest, service: str, caller: str) -> None:
    role = CALLERS[caller]
    headers = {"Authorization": f"Bearer {system.token(*role)}"} if role else {}
    document = schemathesis.openapi.from_url(f"{system.api(service)}/openapi.json")
    failed, answered = [], Counter[int]()
    for found in document.get_all_operations():
        operation = found.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            failed += _failures(operation, mode, system.url, headers, answered)
    assert not failed, failed[:10]
    assert answered.total() > REQUESTS
    assert caller != "centre" or answered[200], answered


def _failures(operation, mode, url, headers, answered):  # type: ignore[no-untyped-def]
    failed = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):  # type: ignore[no-untyped-def]
        answer = case.call(base_url=url, headers=headers, timeout=20)
        answered[answer.status_code] += 1
        if answer.status_code >= 500:
            failed.append((operation.method, operation.path, answer.status_code, answer.text[:200]))

    ask()
    return failed
