"""What `make images-check` looks for in an image, on folders that stand in for one; the builds are its own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.images import composed, contents
from deploy.machine.folder import ROOT
from services import SERVICES

LOCK = "greenlet==3.5.0 \\\n    --hash=sha256:0\nflask-smorest==0.47 \\\n    --hash=sha256:1\n"
CONFIG = {
    "User": "10001:10001",
    "Entrypoint": ["/venv/bin/lianxin"],
    "Cmd": ["api"],
    "WorkingDir": "/app",
    "ExposedPorts": {"8000/tcp": {}, "9000/tcp": {}},
    "Env": ["LIANXIN_SERVICE=sla", "LIANXIN_VERSION=1"],
    "Labels": {"org.opencontainers.image.title": "lianxin-sla", "org.opencontainers.image.version": "1"},
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The root folder of an image that is as it should be."""
    for name in (
        "app/chassis/delivery/relay.py",
        "app/services/__init__.py",
        "app/services/limits.py",
        "app/services/sla/api.py",
        "usr/bin/python3",
    ):
        add(tmp_path, name)
    add(tmp_path, "app/contracts/topology.json")
    add(tmp_path, "app/contracts/limits.json")
    for package in ("greenlet-3.5.0", "flask_smorest-0.47"):
        add(tmp_path, f"venv/lib/python3.11/site-packages/{package}.dist-info/METADATA")
    return tmp_path


def add(image: Path, name: str, mode: int = 0o644) -> None:
    (image / name).parent.mkdir(parents=True, exist_ok=True)
    (image / name).write_text("")
    (image / name).chmod(mode)


def faults(image: Path, **config: Any) -> list[str]:
    return contents.faults(image, "sla", LOCK, "1", CONFIG | config)


def test_an_image_as_it_should_be_has_no_fault(image: Path) -> None:
    assert faults(image) == []


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("usr/bin/x86_64-linux-gnu-gcc-12", "a compiler: x86_64-linux-gnu-gcc-12"),
        ("usr/bin/make", "a compiler: make"),
        ("root/.cache/pip/http/0", "left from building: root/.cache"),
        ("var/cache/apt/archives/make_4.3.deb", "left from building: var/cache/apt/archives/make_4.3.deb"),
        (
            "venv/lib/python3.11/site-packages/pip/__init__.py",
            "left from building: venv/lib/python3.11/site-packages/pip",
        ),
        ("app/tests/test_clock.py", "app holds tests"),
        ("app/services/notify/api.py", "app/services holds notify"),
        ("app/contracts/asyncapi.yaml", "app/contracts holds asyncapi.yaml"),
        (
            "venv/lib/python3.11/site-packages/weasyprint-66.0.dist-info/METADATA",
            "a package nobody asked for: weasyprint 66.0",
        ),
    ],
)
def test_what_does_not_belong_into_it_is_named(image: Path, planted: str, said: str) -> None:
    add(image, planted)
    assert faults(image) == [said]


def test_what_is_missing_is_named(image: Path) -> None:
    (image / "venv/lib/python3.11/site-packages/greenlet-3.5.0.dist-info").rename(image / "elsewhere")
    (image / "app/contracts/topology.json").unlink()
    assert faults(image) == ["app/contracts lacks topology.json", "a package is missing: greenlet 3.5.0"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [(0o666, "uid 10001 may write to app/chassis/x"), (0o4755, "gives rights to who runs it: app/chassis/x")],
)
def test_what_its_user_could_change_or_become_is_named(image: Path, mode: int, said: str) -> None:
    add(image, "app/chassis/x", mode)
    assert faults(image) == [said]


@pytest.mark.parametrize(
    ("setting", "value"), [("User", "root"), ("Entrypoint", ["/bin/sh", "-c", "lianxin"]), ("Cmd", None)]
)
def test_how_it_is_run_is_compared(image: Path, setting: str, value: Any) -> None:
    assert faults(image, **{setting: value}) == [f"{setting} is {value}, not {CONFIG[setting]}"]


def test_the_context_holds_no_secret_no_test_and_no_document() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*", "everything that is not named stays out"
    named = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert named == {
        "chassis",
        "services",
        "contracts/topology.json",
        "contracts/limits.json",
        "deploy/images/lianxin",
        *(f"requirements/{service}.txt" for service in SERVICES),
    }


def test_the_dockerfile_runs_nothing_through_a_shell_and_names_no_user_of_the_machine() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    last = text.rpartition("\nFROM ")[2]
    assert re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", last, re.M) == ['["/venv/bin/lianxin"]', '["api"]']
    assert re.findall(r"^USER (.*)$", text, re.M) == ["10001:10001"]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., dict[str, composed.Composed]]:
    return lambda **told: composed.read(told, tmp_path)


def test_containers_are_read_from_compose(read: Callable[..., dict[str, composed.Composed]], tmp_path: Path) -> None:
    all_ = read(PROFILE="demo")
    assert set(all_) == {f"{s}-{kind}" for s in SERVICES for kind in ("api", "worker", "migrate")} | {"topology"}
    worker = all_["sla-worker"]
    assert (worker.image, worker.command, worker.environment["PROFILE"]) == ("lianxin-sla", ["worker"], "demo")
    assert worker.files["/run/secrets/lianxin/amqp-uri"] == tmp_path / "sla/amqp-uri"
    assert read()["sla-worker"].environment["PROFILE"] == "production"
    assert read()["intake-api"].environment["COMMUNITY_NAMES"] == ""


@pytest.mark.parametrize("service", SERVICES)
def test_the_lock_of_an_image_holds_all_that_its_service_asks_for(service: str) -> None:
    """A line added to the .in alone gives an image that does not start."""
    asked = [*asked_for("run"), *asked_for(service)]
    lock = (ROOT / "requirements" / f"{service}.txt").read_text().lower()
    assert [name for name in asked if not re.search(rf"^{re.escape(name)}==", lock, re.M)] == []


def asked_for(name: str) -> list[str]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    names = [re.split(r"[\s=<>\[#]", line)[0].lower() for line in lines if not line.startswith("-")]
    return [each for each in names if each]
