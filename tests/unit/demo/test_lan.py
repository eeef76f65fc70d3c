import pytest

from deploy.machine.trouble import Trouble
from deploy.system import lan


def test_an_address_of_a_private_network_is_taken() -> None:
    assert lan.private("192.168.1.20") == "192.168.1.20"


def test_a_machine_on_the_open_internet_is_refused() -> None:
    with pytest.raises(Trouble, match="no address of a private network"):
        lan.private("8.8.8.8")


def test_the_code_is_made_of_blocks() -> None:
    drawn = lan.code("http://192.168.1.20:8080/")
    assert len(drawn.splitlines()) > 10
    assert set("▀▄█") & set(drawn)
