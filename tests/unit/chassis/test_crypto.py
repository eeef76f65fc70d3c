import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import crypto
from chassis.crypto import CryptoError

KEYS = crypto.read_master_keys(crypto.new_master_keys())
READER = crypto.new_reader_keys()


@given(st.text(min_size=1, max_size=30), st.binary(max_size=200))
def test_what_is_sealed_for_a_record_opens_for_it(record, plaintext):
    assert crypto.open(KEYS, record, crypto.seal(KEYS, record, plaintext)) == plaintext


def test_a_sealed_record_opens_as_the_database_hands_it_over():
    sealed = memoryview(crypto.seal(KEYS, "XA1", b"secret"))
    assert crypto.open(KEYS, "XA1", sealed) == b"secret"
    assert crypto.key_id(sealed) == KEYS.current


def test_what_is_sealed_for_one_record_does_not_open_for_another():
    with pytest.raises(CryptoError):
        crypto.open(KEYS, "XA2", crypto.seal(KEYS, "XA1", b"secret"))


@given(st.data())
def test_a_changed_byte_is_noticed_wherever_it_is(data):
    sealed = bytearray(crypto.seal(KEYS, "XA1", b"secret"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CryptoError):
        crypto.open(KEYS, "XA1", bytes(sealed))


@given(st.binary(max_size=120))
def test_bytes_that_were_never_sealed_are_refused(garbage):
    with pytest.raises(CryptoError):
        crypto.open(KEYS, "XA1", garbage)


def test_the_same_words_never_look_the_same_twice():
    assert crypto.seal(KEYS, "XA1", b"secret") != crypto.seal(KEYS, "XA1", b"secret")


def test_after_a_rotation_old_records_open_and_new_ones_use_the_new_key():
    old = crypto.MasterKeys({"a": b"a" * 32}, "a")
    both = crypto.MasterKeys({"a": b"a" * 32, "b": b"b" * 32}, "b")
    before = crypto.seal(old, "XA1", b"secret")
    assert crypto.open(both, "XA1", before) == b"secret"
    assert (crypto.key_id(before), crypto.key_id(crypto.seal(both, "XA1", b""))) == ("a", "b")
    with pytest.raises(CryptoError, match="unknown master key"):
        crypto.open(old, "XA1", crypto.seal(both, "XA1", b"secret"))


def two_keys(current):
    return crypto.MasterKeys({"a": b"a" * 32, "b": b"b" * 32}, current)


@given(st.binary(max_size=200))
def test_a_rotation_wraps_the_key_anew_and_leaves_the_ciphertext_as_it_is(plaintext):
    before = crypto.seal(two_keys("a"), "XA1", plaintext)
    after = crypto.rewrap(two_keys("b"), "XA1", before)
    assert crypto.key_id(after) == "b"
    assert after.endswith(before[3 + 60 :])  # format, length, name; nonce, key, tag
    without_old = crypto.MasterKeys({"b": b"b" * 32}, "b")
    assert crypto.open(without_old, "XA1", after) == plaintext
    crypto.check(without_old, "XA1", after)
    with pytest.raises(CryptoError, match="unknown master key"):
        crypto.check(without_old, "XA1", before)


def test_a_rotation_may_be_followed_by_any_number_of_others():
    keys = two_keys("a")
    sealed = crypto.seal(keys, "XA1", b"secret")
    for _ in range(3):
        keys, name = crypto.with_new_key(keys)
        keys = crypto.MasterKeys(keys.keys, name)
        sealed = crypto.rewrap(keys, "XA1", sealed)
        assert crypto.key_id(sealed) == name and crypto.open(keys, "XA1", sealed) == b"secret"
    back = crypto.rewrap(crypto.MasterKeys(keys.keys, "a"), "XA1", sealed)
    assert crypto.key_id(back) == "a" and crypto.open(two_keys("a"), "XA1", back) == b"secret"


@given(st.data())
def test_a_changed_byte_of_a_rewrapped_record_is_noticed(data):
    sealed = bytearray(crypto.rewrap(two_keys("b"), "XA1", crypto.seal(two_keys("a"), "XA1", b"secret")))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CryptoError):
        crypto.open(two_keys("b"), "XA1", bytes(sealed))


def test_what_belongs_to_another_record_is_not_rewrapped():
    with pytest.raises(CryptoError):
        crypto.rewrap(two_keys("b"), "XA2", crypto.seal(two_keys("a"), "XA1", b"secret"))


def test_a_new_key_opens_and_does_not_seal_until_it_is_made_current():
    more, name = crypto.with_new_key(KEYS)
    assert more.current == KEYS.current and name in more.keys
    assert crypto.read_master_keys(crypto.written(more)) == more


def test_a_key_file_may_be_bare_base64(tmp_path):
    path = tmp_path / "master"
    path.write_text(base64.b64encode(b"k" * 32).decode() + "\n")
    keys = crypto.read_master_keys(path)
    assert list(keys.keys.values()) == [b"k" * 32]
    assert crypto.read_master_keys(path.read_text()) == keys


@pytest.mark.parametrize("content", ["", "short", "{", '{"keys": {}}', '{"keys": {"a": "aGVsbG8="}}', "{}", "[1]"])
def test_a_key_file_that_is_none_is_refused_without_its_content(content):
    with pytest.raises(CryptoError) as caught:
        crypto.read_master_keys(content)
    assert len(content) < 5 or content not in str(caught.value)


def test_keys_do_not_show():
    assert "keys" not in repr(KEYS)
    assert READER.private not in repr(READER)


def test_a_blind_index_meets_equal_values_and_depends_on_the_key():
    assert crypto.blind_index(b"k" * 32, "13800000012") == crypto.blind_index(b"k" * 32, "13800000012")
    assert crypto.blind_index(b"k" * 32, "13800000012") != crypto.blind_index(b"l" * 32, "13800000012")
    assert len(crypto.blind_index(b"k" * 32, "")) == 32
    with pytest.raises(CryptoError):
        crypto.blind_index(b"short", "13800000012")


def test_only_the_reader_opens_what_is_sealed_to_it():
    content = [{"mobile": "13800000012", "name": "张三"}]
    sealed = crypto.jwe_seal(content, crypto.read_jwks(READER.public))
    assert "13800000012" not in sealed
    assert crypto.jwe_open(sealed, crypto.read_jwks(READER.private)) == content
    with pytest.raises(CryptoError):
        crypto.jwe_open(sealed, crypto.read_jwks(crypto.new_reader_keys().private))


def test_during_a_rotation_the_newest_key_seals_and_both_open():
    newer = crypto.new_reader_keys()
    merged = [
        json.dumps({"keys": json.loads(a)["keys"] + json.loads(b)["keys"]})
        for a, b in ((READER.public, newer.public), (READER.private, newer.private))
    ]
    public, private = map(crypto.read_jwks, merged)
    sealed = crypto.jwe_seal("new", public)
    assert crypto.jwe_open(sealed, crypto.read_jwks(newer.private)) == "new"
    assert crypto.jwe_open(sealed, private) == "new"
    assert crypto.jwe_open(crypto.jwe_seal("old", crypto.read_jwks(READER.public)), private) == "old"


@pytest.mark.parametrize("token", ["", "a.b.c.d.e", "not a token", "é", "eyJhbGciOiJkaXIifQ....."])
def test_what_is_no_sealed_message_is_refused(token):
    with pytest.raises(CryptoError):
        crypto.jwe_open(token, crypto.read_jwks(READER.private))


@pytest.mark.parametrize("document", ["", "{}", "[]", '{"keys": []}', '{"kty": "EC"}', "null"])
def test_a_reader_key_that_is_none_is_refused(document):
    with pytest.raises(CryptoError):
        crypto.read_jwks(document)
