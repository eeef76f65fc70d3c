"""The master key is checked and changed while letters come in, and nothing becomes unreadable."""

import argparse
import base64
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis import crypto
from chassis.settings import read
from services.intake.commands import identities
from services.intake.operating import keys
from services.intake.settings import Settings
from tests.service.intake.conftest import Street

Make = Callable[..., Street]


def run(here: Street, step: str, **more: object) -> int:
    return keys.run(argparse.Namespace(step=step, **more), here.settings, here.database)


def restarted(here: Street, file: Path) -> Street:
    """A process that has read the file."""
    settings = read(
        Settings,
        {
            "PROFILE": "dev",
            "DATABASE_URL": here.settings.database_url,
            "MASTER_KEYS_FILE": str(file),
            "INDEX_KEY": "k" * 32,
            "JWKS": here.settings.jwks,
            "TOKEN_ISSUER": here.settings.token_issuer,
        },
    )
    return Street(settings, here.database, here.client, here.issuer, here.reader, here.reader_public, here.master)


def kept(here: Street, tmp_path: Path) -> Path:
    file = tmp_path / "master-keys"
    file.write_text(here.master)
    file.chmod(0o640)
    return file


def ciphertexts(here: Street) -> dict[str, bytes]:
    """What is sealed of each letter's writer, without the wrapped key before it."""
    with here.database.transaction() as tx:
        return {
            number: bytes(sealed)[-60:] for number, sealed in tx.execute(text("select number, sealed from identities"))
        }


def under(here: Street) -> set[str]:
    with here.database.transaction() as tx:
        return {crypto.key_id(sealed) for sealed in tx.execute(text("select sealed from identities")).scalars()}


def test_a_new_key_takes_over_without_touching_a_writers_data(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 2)
    here = street(limit_submissions="false")
    receipts = [here.post().json for _ in range(5)]
    file, before, [old] = kept(here, tmp_path), ciphertexts(here), under(here)
    assert run(here, "new", file=file) == 0
    name = capsys.readouterr().out.strip()
    assert run(restarted(here, file), "rotate") == 0 and under(here) == {old}  # it does not seal yet
    assert run(here, "use", file=file, key=name) == 0
    new = restarted(here, file)
    assert run(new, "remove", file=file, key=old) == 1
    assert run(new, "rotate") == 0
    assert under(here) == {name} and ciphertexts(here) == before
    said = capsys.readouterr()
    assert f"key {name}  newest                   5 identities" in said.out
    assert f"nothing here is under key {old}" in said.err
    assert run(new, "remove", file=file, key=old) == 0
    last = restarted(here, file)
    assert run(last, "check") == 0
    with here.database.transaction() as tx:
        for receipt in receipts:
            assert identities.writer(tx, last.context, receipt["number"]).query_code == receipt["query_code"]


def test_the_file_of_keys_keeps_its_readers_and_no_key_is_ever_printed(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street()
    here.post()
    file = kept(here, tmp_path)
    run(here, "new", file=file)
    name = capsys.readouterr().out.strip()
    run(here, "use", file=file, key=name)
    for step in ("check", "rotate"):
        run(restarted(here, file), step)
    said = capsys.readouterr()
    secrets = json.loads(file.read_text())["keys"].values()
    assert len(secrets) == 2
    assert all(secret not in said.out + said.err for secret in secrets)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir() if "master" in path.name] == ["master-keys"]


def test_a_rotation_broken_off_is_taken_up_again(street: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "BATCH", 1)
    here = street(limit_submissions="false")
    for _ in range(4):
        here.post()
    file = kept(here, tmp_path)
    more, name = crypto.with_new_key(crypto.read_master_keys(file))
    file.write_text(crypto.written(crypto.MasterKeys(more.keys, name)))
    new, calls = restarted(here, file), iter([None, None, KeyboardInterrupt])

    def interrupted(sentence: str) -> None:
        if error := next(calls, None):
            raise error

    with monkeypatch.context() as patch:
        patch.setattr(keys, "_say", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(new, "rotate")
    assert len(under(here)) == 2
    assert run(new, "rotate") == 0
    assert under(here) == {name}


def test_what_a_process_not_restarted_yet_seals_meanwhile_is_found_by_the_check(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street(limit_submissions="false")
    here.post()
    file = kept(here, tmp_path)
    more, name = crypto.with_new_key(crypto.read_master_keys(file))
    file.write_text(crypto.written(crypto.MasterKeys(more.keys, name)))
    new = restarted(here, file)
    assert run(new, "rotate") == 0
    here.post()
    assert run(new, "check") == 0
    assert "1 are under older keys" in capsys.readouterr().out


def test_what_cannot_be_opened_is_named_and_left_as_it_is(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street(limit_submissions="false")
    number = here.post().json["number"]
    lost = ciphertexts(here)
    other = tmp_path / "other"
    other.write_text(crypto.new_master_keys())
    stranger = restarted(here, other)
    assert run(stranger, "check") == run(stranger, "rotate") == 1
    said = capsys.readouterr()
    assert f"{number} cannot be opened: sealed with an unknown master key" in said.err
    assert "NOT in the file" in said.out
    assert ciphertexts(here) == lost and run(here, "check") == 0


def test_a_file_of_one_bare_key_becomes_one_that_holds_several(street: Make, tmp_path: Path) -> None:
    here = street()
    file = tmp_path / "bare"
    file.write_text(base64.b64encode(os.urandom(32)).decode())
    before = crypto.read_master_keys(file)
    assert run(here, "new", file=file) == 0
    after = crypto.read_master_keys(file)
    assert after.current == before.current and len(after.keys) == 2


@pytest.mark.parametrize("step", ["new", "use", "remove"])
def test_a_file_that_holds_no_keys_is_not_overwritten(street: Make, tmp_path: Path, step: str) -> None:
    here, file = street(), tmp_path / "letters"
    file.write_text("not a key")
    assert run(here, step, file=file, key="a") == 1
    assert file.read_text() == "not a key"
    assert run(here, step, file=tmp_path / "nowhere", key="a") == 1
