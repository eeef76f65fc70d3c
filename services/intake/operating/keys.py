"""`python -m services.intake keys …`: checks that the master keys open every identity, and introduces a new one.

No key is ever printed, only its id.
"""

import argparse
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from chassis import crypto
from chassis.crypto import CryptoError, MasterKeys
from chassis.database import Database
from chassis.settings import Settings as Base
from services.intake import store
from services.intake.settings import Settings

BATCH = 500
NAMED = 20  # cases whose identity cannot be opened are named up to this many


@dataclass
class Found:
    """How many identities each master key wraps, and which cannot be opened, by case number."""

    under: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, str]] = field(default_factory=list)
    rewrapped: int = 0


def arguments(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="step")
    steps.add_parser("check", help="can every identity be opened, and how many does each master key wrap?")
    steps.add_parser("rotate", help="wrap every identity's own key with the newest master key; may be interrupted")
    for step, about in (
        ("new", "add a new master key to the file; it can open, but does not seal yet"),
        ("use", "make a key in the file the newest: whatever is sealed from now on is sealed with it"),
        ("remove", "remove an old key from the file once it wraps nothing any more"),
    ):
        sub = steps.add_parser(step, help=about)
        sub.add_argument("--file", type=Path, required=True, help="the file that MASTER_KEYS_FILE names")
        if step != "new":
            sub.add_argument("--key", required=True, metavar="ID")


def run(asked: argparse.Namespace, base: Base, database: Database) -> int:
    """Returns the exit code: 1 if something cannot be opened, or was not done."""
    keys = cast(Settings, base).master_keys
    try:
        if asked.step == "new":
            return _new(asked.file)
        if asked.step == "use":
            return _use(asked.file, asked.key)
        if asked.step == "remove":
            return _remove(asked.file, asked.key, database)
    except (CryptoError, OSError) as error:
        return _refuse(f"{asked.file}: {error}; nothing was changed")
    if asked.step == "rotate":
        done = walk(database, keys, rotate=True)
        _say(f"{done.rewrapped} identities newly wrapped with key {keys.current}; checking all of them …")
    return _report(walk(database, keys), keys)


def walk(database: Database, keys: MasterKeys, rotate: bool = False) -> Found:
    """Goes through every identity, one batch per transaction; with `rotate`, rewraps what older keys wrap.

    Safe while the system runs, and while another rotation runs: an identity is only ever replaced by itself.
    """
    found, after, seen = Found(), "", 0
    while True:
        with database.transaction() as tx:
            batch = store.sealed(tx, after, BATCH)
            if rotate:
                found.rewrapped += store.reseal(tx, _rewrapped(batch, keys, found))
            else:
                _check(batch, keys, found)
        if not batch:
            return found
        after, seen = batch[-1][0], seen + len(batch)
        _say(f"{seen} identities {'gone through' if rotate else 'checked'}")


def _rewrapped(batch: list[tuple[str, bytes]], keys: MasterKeys, found: Found) -> list[tuple[str, bytes, bytes]]:
    anew = []
    for number, sealed in batch:
        try:
            if crypto.key_id(sealed) != keys.current:
                anew.append((number, sealed, crypto.rewrap(keys, number, sealed)))
        except CryptoError as error:
            found.broken.append((number, str(error)))
    return anew


def _check(batch: list[tuple[str, bytes]], keys: MasterKeys, found: Found) -> None:
    for number, sealed in batch:
        try:
            found.under[crypto.key_id(sealed)] += 1
            crypto.check(keys, number, sealed)
        except CryptoError as error:
            found.broken.append((number, str(error)))


def _report(found: Found, keys: MasterKeys) -> int:
    for name in sorted(found.under.keys() | keys.keys.keys()):
        about = "newest" if name == keys.current else "older" if name in keys.keys else "NOT in the file"
        sys.stdout.write(f"key {name}  {about:<15}  {found.under[name]:>9} identities\n")
    for number, why in found.broken[:NAMED]:
        _say(f"{number} cannot be opened: {why}")
    if found.broken:
        return _refuse(f"{len(found.broken)} identities cannot be opened")
    older = sum(count for name, count in found.under.items() if name != keys.current)
    sys.stdout.write(f"every identity opens; {older} are under older keys\n")
    _advise(found, keys, older)
    return 0


def _advise(found: Found, keys: MasterKeys, older: int) -> None:
    if older:
        _say("run `keys rotate`; what a process still seals with an older key shows here again until it was restarted")
    for name in sorted(keys.keys.keys() - {keys.current} - found.under.keys()):
        _say(
            f"nothing here is under key {name}. Keep a copy of it as long as the oldest backup from before this moment;"
            f" once every process was restarted since `keys use`, `keys remove --key {name}` takes it out of the file"
        )


def _new(file: Path) -> int:
    keys, name = crypto.with_new_key(crypto.read_master_keys(file))
    _replace(file, keys)
    _say(f"key {name} was added and does not seal yet; back the file up, restart every process of intake, then")
    _say(f"python -m services.intake keys use --file {file} --key {name}")
    sys.stdout.write(name + "\n")
    return 0


def _use(file: Path, name: str) -> int:
    _replace(file, MasterKeys(crypto.read_master_keys(file).keys, name))
    _say(f"key {name} is the newest; restart every process of intake, then run `keys rotate`")
    return 0


def _remove(file: Path, name: str, database: Database) -> int:
    keys = crypto.read_master_keys(file)
    if name not in keys.keys:
        return _refuse(f"{file} has no key {name}")
    rest = MasterKeys({other: key for other, key in keys.keys.items() if other != name}, keys.current)
    found = walk(database, keys)
    if found.under[name]:
        return _refuse(f"{found.under[name]} identities are under key {name}; run `keys rotate` first")
    _replace(file, rest)
    _say(f"key {name} was removed; backups from before its rotation need it still")
    return 0


def _replace(file: Path, keys: MasterKeys) -> None:
    """Replaces the file whole or not at all, synced to disk, with the same owner and mode."""
    old, new = file.stat(), file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(crypto.written(keys))
        out.flush()
        os.fsync(out.fileno())
    os.chown(new, old.st_uid, old.st_gid)
    new.chmod(old.st_mode & 0o7777)
    new.replace(file)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _refuse(sentence: str) -> int:
    _say(sentence)
    return 1
