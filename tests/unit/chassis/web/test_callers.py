import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web import issuers
from chassis.web.issuers import DevelopmentIssuer, IssuerKeys

ROOT = "/api/post/v1"
CLAIMS = {"iss": DEVELOPMENT_ISSUER, "aud": "lianxin", "sub": "officer", "exp": 4102444800, "roles": ["centre"]}


def me(door, token):
    return door.get(f"{ROOT}/me", headers={"Authorization": f"Bearer {token}"})


def test_a_good_token_says_who_calls_and_whose_rows_they_see(door, bearer):
    answer = door.get(f"{ROOT}/me", headers=bearer("chen", "unit", unit="C07"))
    assert answer.json == {"subject": "chen", "unit": "C07", "scopes": ["unit", "unit:C07"]}


def test_scopes_in_the_token_win_over_those_of_its_roles(door, bearer):
    assert door.get(f"{ROOT}/me", headers=bearer("li", "leader", scopes=["leader:a"])).json["scopes"] == ["leader:a"]
    assert door.get(f"{ROOT}/me", headers=bearer("li", "leader", scopes="a b")).json["scopes"] == ["a", "b"]


def test_without_a_token_the_answer_is_401_and_says_how(door):
    answer = door.get(f"{ROOT}/me")
    assert (answer.status_code, answer.json["code"]) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_with_another_role_the_answer_is_403(door, bearer):
    answer = door.get(f"{ROOT}/me", headers=bearer("li", "operator"))
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_the_token_is_judged_before_the_body_whatever_the_order_of_decorators(door, bearer):
    def accept(**options):
        return door.post(f"{ROOT}/letters/XA1/accept", data=b"{", content_type="application/json", **options)

    assert accept().status_code == 401
    assert accept(headers=bearer("li", "operator")).status_code == 403
    assert accept(headers=bearer("li", "centre")).status_code == 400


def test_a_bad_token_is_refused_also_where_none_is_needed(door, bearer):
    assert door.get(f"{ROOT}/public").json["subject"] == ""
    assert door.get(f"{ROOT}/public", headers=bearer("li", "operator")).json["subject"] == "li"
    assert door.get(f"{ROOT}/public", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer é", "x" * 5000])
def test_a_header_without_a_token_is_refused(door, header):
    assert door.get(f"{ROOT}/me", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"exp": 1},
        {"exp": "never"},
        {"exp": None},
        {"nbf": 4102444800},
        {"sub": None},
        {"sub": 5},
        {"roles": 5},
        {"roles": [5]},
        {"unit": ["C07"]},
        {"scopes": [None]},
    ],
)
def test_claims_that_are_not_ours_are_refused(door, issuer, change):
    claims = {name: value for name, value in (CLAIMS | change).items() if value is not None}
    key = ECKey.import_key(json.loads(issuer.private))
    assert me(door, jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)).status_code == 401


def test_an_audience_may_be_one_of_several(door, issuer, bearer):
    assert door.get(f"{ROOT}/me", headers=bearer("li", "centre", aud=["city", "lianxin"])).status_code == 200


def test_a_token_just_expired_is_taken_for_the_difference_of_clocks(door, bearer):
    assert door.get(f"{ROOT}/me", headers=bearer("li", "centre", exp=int(time.time()) - 10)).status_code == 200
    assert door.get(f"{ROOT}/me", headers=bearer("li", "centre", exp=int(time.time()) - 60)).status_code == 401


def test_a_token_of_another_issuers_key_is_refused(door):
    assert me(door, DevelopmentIssuer.new().token("li", "centre")).status_code == 401


def test_a_token_without_signature_is_refused(door):
    def part(content):
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    assert me(door, f"{part({'alg': 'none'})}.{part(CLAIMS)}.").status_code == 401


def test_the_public_key_as_a_shared_secret_opens_nothing(door, issuer):
    public = json.loads(issuer.jwks)["keys"][0]
    key = OctKey.import_key(json.dumps(public))
    assert me(door, jwt.encode({"alg": "HS256", "kid": public["kid"]}, CLAIMS, key)).status_code == 401


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", RSAKey.generate_key(2048, auto_kid=True)),
        ("Ed25519", OKPKey.generate_key("Ed25519", auto_kid=True)),
        ("ES256", ECKey.generate_key("P-256", auto_kid=True)),
    ],
)
def test_the_usual_algorithms_of_providers_are_understood(door, settings, algorithm, key):
    Path(settings.jwks).write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    token = jwt.encode({"alg": algorithm, "kid": key.kid}, CLAIMS, key, algorithms=[algorithm])
    assert me(door, token).status_code == 200
    without_kid = jwt.encode({"alg": algorithm}, CLAIMS, key, algorithms=[algorithm])
    assert me(door, without_kid).status_code == 200


def test_a_key_file_that_changes_is_read_again(door, settings, issuer):
    newer = DevelopmentIssuer.new()
    assert me(door, issuer.token("li", "centre")).status_code == 200
    Path(settings.jwks).write_text(newer.jwks)
    assert me(door, newer.token("li", "centre")).status_code == 200
    assert me(door, issuer.token("li", "centre")).status_code == 401


def test_a_key_file_caught_half_written_leaves_the_old_keys_in_force(door, settings, issuer):
    assert me(door, issuer.token("li", "centre")).status_code == 200
    Path(settings.jwks).write_text(issuer.jwks[:20])
    assert me(door, issuer.token("li", "centre")).status_code == 200


def test_without_any_key_nobody_is_judged(door, settings, issuer):
    Path(settings.jwks).unlink()
    answer = me(door, issuer.token("li", "centre"))
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")


class Guest:
    def __init__(self, kid):
        self.kid = kid

    def headers(self):
        return {"kid": self.kid}


@pytest.fixture
def provider():
    """An address that hands out the keys in `documents`, the last one again and again, and counts."""

    class Handler(BaseHTTPRequestHandler):
        documents: tuple[str, ...] = ()
        asked = 0

        def do_GET(self):
            document = Handler.documents[min(Handler.asked, len(Handler.documents) - 1)].encode()
            Handler.asked += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    Handler.address = f"http://127.0.0.1:{server.server_port}/jwks"
    yield Handler
    server.shutdown()
    server.server_close()


def kid_of(issuer):
    return json.loads(issuer.jwks)["keys"][0]["kid"]


def test_keys_behind_an_address_are_fetched_once(provider, issuer):
    provider.documents = (issuer.jwks,)
    keys = IssuerKeys(provider.address)
    for _ in range(3):
        assert keys.find(Guest(kid_of(issuer))).kid == kid_of(issuer)
    assert provider.asked == 1


def test_an_unknown_key_fetches_anew_but_at_most_once_a_minute(provider, issuer, monkeypatch):
    newer = DevelopmentIssuer.new()
    provider.documents = (issuer.jwks, newer.jwks)
    keys = IssuerKeys(provider.address)
    keys.find(Guest(kid_of(issuer)))
    for _ in range(3):
        with pytest.raises(issuers.JoseError):
            keys.find(Guest(kid_of(newer)))
    assert provider.asked == 1
    keys._fetched -= issuers.REFRESH
    assert keys.find(Guest(kid_of(newer))).kid == kid_of(newer)


def test_an_issuer_that_is_away_is_not_a_bad_token(door, issuer):
    keys = IssuerKeys("http://127.0.0.1:1/jwks")
    with pytest.raises(issuers.IssuerUnreachable):
        keys.find(Guest(kid_of(issuer)))
