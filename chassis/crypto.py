"""Encryption at rest (AES-256-GCM, a key per record) and between two services (JWE), and the blind index.

Nothing here ever puts a key or a plaintext into an error or a `repr`.
"""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

_SEALED, _REWRAPPED = 1, 2
_NONCE = 12
_WRAPPED = _NONCE + 32 + 16
_JWE_ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]


class CryptoError(Exception):
    """Something could not be opened, or a key is invalid. The message says which, and nothing more."""


@dataclass(frozen=True, repr=False)
class MasterKeys:
    """The keys that wrap the keys of records: the current one seals, every one opens (rotation)."""

    keys: Mapping[str, bytes]
    current: str

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise CryptoError("the current master key is not among the master keys")
        for name, key in self.keys.items():
            if len(key) != 32 or not 1 <= len(name.encode()) <= 32:
                raise CryptoError("a master key is not 32 bytes under a name of 1 to 32 bytes")


def new_master_keys() -> str:
    """A fresh key file for a demo or a test, as `read_master_keys` reads it."""
    name = secrets.token_hex(4)
    return written(MasterKeys({name: os.urandom(32)}, name))


def with_new_key(keys: MasterKeys) -> tuple[MasterKeys, str]:
    """The keys plus a new one, which opens but does not seal yet; and the new one's id."""
    name = secrets.token_hex(4)
    return MasterKeys({**keys.keys, name: os.urandom(32)}, keys.current), name


def written(keys: MasterKeys) -> str:
    """The content of their file: the one secret text that is made here."""
    table = {name: base64.b64encode(key).decode() for name, key in keys.keys.items()}
    return json.dumps({"current": keys.current, "keys": table}, indent=1) + "\n"


def read_master_keys(source: str | Path) -> MasterKeys:
    """Master keys from a file, or from its content as a setting with `_FILE` hands it over.

    Either JSON `{"current": id, "keys": {id: base64 of 32 bytes}}`, or base64 of 32 bytes alone, whose id is then
    derived from the key. Raises CryptoError.
    """
    try:
        text = source.read_text(encoding="utf-8").strip() if isinstance(source, Path) else source.strip()
        if not text.startswith("{"):
            key = base64.b64decode(text, validate=True)
            name = sha256(b"id" + key).hexdigest()[:8]
            return MasterKeys({name: key}, name)
        document = json.loads(text)
        keys = {str(name): base64.b64decode(key, validate=True) for name, key in document["keys"].items()}
        return MasterKeys(keys, str(document.get("current") or list(keys)[-1]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        raise CryptoError("the master key file is malformed") from None


@dataclass(frozen=True, repr=False)
class _Record:
    """A sealed record taken apart. `first` is the master key it was sealed under before any rotation: its own
    ciphertext stays bound to that name, so that a rotation need not touch it."""

    name: str
    first: str
    wrapped: bytes
    data: bytes


def seal(keys: MasterKeys, record: str, plaintext: bytes) -> bytes:
    """`plaintext` encrypted under a key of its own, wrapped by the current master key and bound to `record`'s id."""
    own = AESGCM.generate_key(bit_length=256)
    header = _header(keys.current, keys.current)
    data = _encrypt(own, plaintext, header + record.encode())
    return header + _encrypt(keys.keys[keys.current], own, header + record.encode()) + data


def open(keys: MasterKeys, record: str, sealed: bytes | memoryview) -> bytes:
    """The plaintext of what `seal` made, also as a `bytea` column hands it over.

    Raises CryptoError if the key is unknown, the bytes were changed or belong to another record."""
    found = _taken_apart(sealed)
    own = _unwrapped(keys, record, found)
    return _decrypt(own, found.data, _header(found.first, found.first) + record.encode())


def check(keys: MasterKeys, record: str, sealed: bytes | memoryview) -> None:
    """Opens the record's own key and nothing more. Raises CryptoError if that cannot be done."""
    _unwrapped(keys, record, _taken_apart(sealed))


def rewrap(keys: MasterKeys, record: str, sealed: bytes | memoryview) -> bytes:
    """The same record, its own key wrapped by the current master key; its ciphertext is not touched or opened.

    Raises CryptoError as `open` does.
    """
    found = _taken_apart(sealed)
    own = _unwrapped(keys, record, found)
    header = _header(keys.current, found.first)
    return header + _encrypt(keys.keys[keys.current], own, header + record.encode()) + found.data


def key_id(sealed: bytes | memoryview) -> str:
    """Which master key wraps this record's own key: what a rotation still has to wrap again."""
    return _taken_apart(sealed).name


def _header(name: str, first: str) -> bytes:
    names = (name.encode(),) if name == first else (name.encode(), first.encode())
    return bytes([len(names)]) + b"".join(bytes([len(each)]) + each for each in names)


def _taken_apart(sealed: bytes | memoryview) -> _Record:
    sealed, names, at = bytes(sealed), [], 1
    if sealed[:1] not in (bytes([_SEALED]), bytes([_REWRAPPED])):
        raise CryptoError("sealed in an unknown format" if sealed else "not a sealed record")
    try:
        for _ in range(sealed[0]):
            end = at + 1 + sealed[at]
            names.append(sealed[at + 1 : end].decode())
            at = end
    except (IndexError, UnicodeDecodeError):
        raise CryptoError("not a sealed record") from None
    return _Record(names[0], names[-1], sealed[at : at + _WRAPPED], sealed[at + _WRAPPED :])


def _unwrapped(keys: MasterKeys, record: str, found: _Record) -> bytes:
    key = keys.keys.get(found.name)
    if key is None:
        raise CryptoError("sealed with an unknown master key")
    return _decrypt(key, found.wrapped, _header(found.name, found.first) + record.encode())


def _encrypt(key: bytes, plaintext: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, associated)


def _decrypt(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], associated)
    except (InvalidTag, ValueError):
        raise CryptoError("changed, or sealed for another record") from None


def blind_index(key: bytes, value: str) -> bytes:
    """HMAC-SHA-256 of `value`: equal values meet, and nobody without the key can try them all."""
    if len(key) < 32:
        raise CryptoError("the key of a blind index must have at least 32 bytes")
    return hmac.digest(key, value.encode(), "sha256")


@dataclass(frozen=True, repr=False)
class ReaderKeys:
    """A fresh pair of documents: a public JWK set for who seals, a private one for who reads."""

    public: str
    private: str


def new_reader_keys() -> ReaderKeys:
    """A P-256 pair for a demo or a test."""
    key = ECKey.generate_key("P-256", {"use": "enc", "kid": secrets.token_hex(4)})
    public, private = key.as_dict(private=False), key.as_dict(private=True)
    return ReaderKeys(json.dumps({"keys": [public]}), json.dumps({"keys": [private]}))


def read_jwks(source: str | Path) -> KeySet:
    """A JWK or a JWK set from a file or its content; during a rotation the set holds two. Raises CryptoError."""
    try:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        document = json.loads(text)
        return KeySet.import_key_set(document if "keys" in document else {"keys": [document]})
    except (OSError, ValueError, TypeError, JoseError):
        raise CryptoError("the reader key is malformed") from None


def jwe_seal(content: Any, readers: KeySet) -> str:
    """`content` as JSON, sealed to the last key of `readers`: the newest is written last."""
    key = readers.keys[-1]
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": key.kid, "cty": "json"}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    try:
        return jwe.encrypt_compact(header, text.encode(), key, algorithms=_JWE_ALGORITHMS)
    except JoseError:
        raise CryptoError("the reader key cannot seal") from None


def jwe_open(token: str, private: KeySet) -> Any:
    """What was sealed, by whichever of the private keys its `kid` names. Raises CryptoError."""
    try:
        opened = jwe.decrypt_compact(token, private, algorithms=_JWE_ALGORITHMS)
        return json.loads(opened.plaintext or b"")
    except (JoseError, ValueError, TypeError):
        raise CryptoError("sealed for another reader, or changed") from None
