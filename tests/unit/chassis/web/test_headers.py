import pytest

ROOT = "/api/post/v1"


def act(door, if_match):
    return door.post(f"{ROOT}/revision", headers={"If-Match": if_match} if if_match else {})


@pytest.mark.parametrize("if_match", [None, '"7"', "*", '"6", "7"', "7", 'W/"7"'])
def test_the_revision_that_was_read_may_be_changed(door, if_match):
    answer = act(door, if_match)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"7"')


def test_another_revision_is_stale(door):
    answer = act(door, '"6"')
    assert (answer.status_code, answer.json["code"], answer.json["data"]) == (412, "stale", {"revision": 7})


@pytest.mark.parametrize(
    "if_match", ['"abc"', '""', ",", '"-1"', '"' + "9" * 5000 + '"', '"٧"'.encode().decode("latin-1")]
)
def test_what_is_no_revision_of_ours_is_refused(door, if_match):
    answer = act(door, if_match)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_revision")


def address(app, remote, forwarded):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return (
        app.test_client().get(f"{ROOT}/public", headers=headers, environ_base={"REMOTE_ADDR": remote}).json["address"]
    )


@pytest.mark.parametrize(
    ("remote", "forwarded", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", None, "127.0.0.1"),
    ],
)
def test_nobody_chooses_an_address_but_a_trusted_proxy(app, remote, forwarded, client):
    assert address(app, remote, forwarded) == client
