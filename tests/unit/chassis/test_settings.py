from dataclasses import FrozenInstanceError, dataclass

import pytest

from chassis.settings import DEVELOPMENT_ISSUER, Settings, SettingsError, read, required, secret, setting

MINIMUM = {"DATABASE_URL": "postgresql://sla:hunter2@localhost/sla"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own(Settings):
    accept_automatically: bool = False
    limit_hours: float = setting(1.5, about="hours")
    communities: tuple[str, ...] = ()
    note: str | None = None
    blind_key: str = secret("", about="base64")

    def problems(self) -> list[str]:
        return ["LIMIT_HOURS is below zero"] if self.limit_hours < 0 else []


def refusals(env, kind=Settings):
    with pytest.raises(SettingsError) as caught:
        read(kind, env)
    return caught.value.problems


def test_a_field_is_read_from_the_variable_of_its_name():
    env = MINIMUM | {"ACCEPT_AUTOMATICALLY": "yes", "LIMIT_HOURS": "2", "COMMUNITIES": "C01, C02", "HTTP_PORT": "8081"}
    own = read(Own, env)
    assert (own.accept_automatically, own.limit_hours, own.communities, own.http_port) == (
        True,
        2.0,
        ("C01", "C02"),
        8081,
    )


def test_what_is_not_given_or_empty_has_its_default():
    own = read(Own, MINIMUM | {"LIMIT_HOURS": "", "NOTE": ""})
    assert (own.profile, own.limit_hours, own.note, own.http_threads) == ("production", 1.5, None, 8)


def test_postgresql_means_psycopg2():
    assert read(Settings, MINIMUM).database_url.startswith("postgresql+psycopg2://")


def test_another_database_is_refused():
    assert refusals({"DATABASE_URL": "mysql://a:hunter2@b/c"}) == ["DATABASE_URL must begin with postgresql://"]


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "url").write_text("postgresql://sla:hunter2@localhost/sla\n")
    assert read(Settings, {"DATABASE_URL_FILE": str(tmp_path / "url")}).database_url.endswith("hunter2@localhost/sla")


def test_a_file_that_is_not_there_is_named_by_its_variable_only():
    assert refusals({"DATABASE_URL_FILE": "/nowhere/hunter2"}) == [
        "DATABASE_URL_FILE names a file that cannot be read (FileNotFoundError)"
    ]


def test_a_variable_and_its_file_together_are_refused(tmp_path):
    assert refusals(MINIMUM | {"DATABASE_URL_FILE": str(tmp_path)}) == [
        "DATABASE_URL and DATABASE_URL_FILE are both set; keep one"
    ]


def test_every_problem_is_told_at_once():
    problems = refusals({"PROFILE": "test", "HTTP_PORT": "70000", "POOL_SIZE": "0", "DEMO_DATA": "maybe"})
    assert sorted(sentence.split()[0] for sentence in problems) == [
        "DATABASE_URL",
        "DEMO_DATA",
        "HTTP_PORT",
        "POOL_SIZE",
        "PROFILE",
    ]


@pytest.mark.parametrize("variable", ["HTTP_PORT", "LIMIT_HOURS", "ACCEPT_AUTOMATICALLY", "TRUSTED_PROXIES", "PROFILE"])
def test_a_refusal_names_the_variable_and_never_the_value(variable):
    (sentence,) = refusals(MINIMUM | {variable: "hunter2"}, Own)
    assert sentence.startswith(f"{variable} ")
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEMO_DATA", "true"),
        ("DEMO_LIMITS", "1"),
        ("CLOCK_OFFSET", "on"),
        ("FAILPOINTS", "after_commit"),
        ("TOKEN_ISSUER", DEVELOPMENT_ISSUER),
    ],
)
def test_production_refuses_what_only_a_demo_may_do(variable, value):
    assert refusals(MINIMUM | {variable: value}) == [f"{variable} is set to what only PROFILE=dev or demo allows"]
    assert read(Settings, MINIMUM | {variable: value, "PROFILE": "demo"})


def test_a_service_adds_its_own_refusals_to_those_of_the_chassis():
    assert refusals(MINIMUM | {"LIMIT_HOURS": "-1", "DEMO_DATA": "1"}, Own) == [
        "LIMIT_HOURS is below zero",
        "DEMO_DATA is set to what only PROFILE=dev or demo allows",
    ]


def test_what_one_process_needs_is_asked_for_there():
    with pytest.raises(SettingsError, match="AMQP_URI is not set"):
        required(read(Settings, MINIMUM), "amqp_uri")


def test_settings_never_show_a_secret_and_never_change():
    own = read(Own, MINIMUM | {"BLIND_KEY": "hunter2", "AMQP_URI": "amqp://a:hunter2@b"})
    assert "hunter2" not in repr(own)
    with pytest.raises(FrozenInstanceError):
        own.profile = "dev"
