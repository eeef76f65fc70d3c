from pathlib import Path

import pytest

from chassis.delivery import topology


def test_the_brokers_address_and_passwords_may_be_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = tmp_path / "management-uri"
    address.write_text("http://root:kept-secret@127.0.0.1:1\n")
    password = tmp_path / "password"
    password.write_text("kept-secret\n")
    monkeypatch.setenv("MANAGEMENT_URI_FILE", str(address))
    monkeypatch.setenv("BROKER_PASSWORD_INTAKE_FILE", str(password))

    assert topology.main(["apply"]) == 1

    said = capsys.readouterr().err
    assert "127.0.0.1:1 does not answer" in said
    assert "kept-secret" not in said


def test_a_password_in_a_file_and_one_in_the_environment_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "sla").write_text("one\n")
    known = topology.Topology({}, {"sla": {}, "intake": {}, "notify": {}})
    env = {"BROKER_PASSWORD_SLA_FILE": str(tmp_path / "sla"), "BROKER_PASSWORD_INTAKE": "two"}

    assert topology._passwords(known, env) == {"sla": "one", "intake": "two"}
