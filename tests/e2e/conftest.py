"""The people around a running system."""

from collections.abc import Iterator

import pytest

from deploy.system.testbed import SystemUnderTest
from tests.support.driver import People


@pytest.fixture(scope="module")
def people(system: SystemUnderTest) -> Iterator[People]:
    """The module's running system, with everybody who uses it."""
    here = People(system)
    yield here
    here.close()
