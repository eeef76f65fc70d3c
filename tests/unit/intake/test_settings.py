"""What intake refuses to start with."""

import json
from pathlib import Path

import pytest

from chassis import crypto
from chassis.settings import SettingsError, read
from services.intake.settings import Settings

ENV = {"DATABASE_URL": "postgresql://nowhere/intake", "MASTER_KEYS": crypto.new_master_keys(), "INDEX_KEY": "k" * 32}


def test_the_defaults_are_those_of_production() -> None:
    settings = read(Settings, ENV)
    assert settings.profile == "production" and settings.limit_submissions and not settings.accept_automatically
    assert {"C01", "C21"} <= settings.community_codes and "C22" not in settings.community_codes


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIMIT_SUBMISSIONS", "false"),
        ("INDEX_KEY", "short"),
        ("MASTER_KEYS", "not a key"),
        ("READER_KEYS", "{}"),
        ("NUMBER_PREFIX", "x1"),
        ("NUMBER_BLOCK", "0"),
        ("EMERGENCY_RULES", "/nowhere.json"),
        ("POOL_SIZE", "8"),
    ],
)
def test_a_bad_value_is_refused_by_its_variable_and_never_shown(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(Settings, {**ENV, variable: value})
    assert variable in str(refused.value)
    assert value not in str(refused.value) or len(value) < 6


def test_production_wants_its_keys() -> None:
    with pytest.raises(SettingsError) as refused:
        read(Settings, {"DATABASE_URL": ENV["DATABASE_URL"]})
    assert {"MASTER_KEYS is not set", "INDEX_KEY is not set"} <= set(refused.value.problems)


def test_a_streets_own_emergency_rules_replace_the_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    hedges: dict[str, list[str]] = {name: [] for name in ("supposed", "told", "before", "after", "acute")}
    file.write_text(json.dumps({"version": "own", "hedges": hedges, "rules": []}), encoding="utf-8")
    assert read(Settings, {**ENV, "EMERGENCY_RULES": str(file)}).emergency_rules.version == "own"


def test_no_key_shows_in_the_settings_text() -> None:
    text = repr(read(Settings, ENV))
    assert "k" * 32 not in text and "MasterKeys" not in text
