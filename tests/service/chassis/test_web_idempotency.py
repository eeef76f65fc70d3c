import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from marshmallow import Schema, fields
from sqlalchemy import text

import chassis
from chassis import web
from chassis.database import Database
from chassis.errors import DomainError
from chassis.settings import DEVELOPMENT_ISSUER, Settings
from chassis.web.issuers import DevelopmentIssuer
from deploy.servers import postgres
from tests.service.chassis.waiting import until

ADDRESS = "/api/post/v1/letters"


class LetterSchema(Schema):
    words = fields.String(required=True)


class Refused(DomainError):
    code = "refused"


def nothing():
    return


def refuse():
    raise Refused


class Office:
    """A front door over a real database that numbers letters, and can be told what to do within a transaction."""

    def __init__(self, database: Database, jwks: Path) -> None:
        self.database = database
        self.inside = nothing
        settings = Settings(
            profile="dev", database_url=str(database.engine.url), jwks=str(jwks), token_issuer=DEVELOPMENT_ISSUER
        )
        self.app = web.create_app("post", settings, database, blueprints=[self.blueprint()])

    def blueprint(self) -> web.Blueprint:
        blueprint = web.Blueprint("letters", __name__)

        @blueprint.route("/letters", methods=["POST"])
        @blueprint.route("/letters/<folder>", methods=["POST"])
        @blueprint.arguments(LetterSchema)
        def write(letter, folder=None):
            with (
                web.database().transaction() as tx,
                web.idempotent(tx, route="write", request_hash_of=letter) as once,
            ):
                number = once.existing or self.number(tx, letter["words"])
                if once.existing is None and letter["words"] != "forgotten":
                    once.remember(number)
                return {"number": number}

        @blueprint.route("/number/<number>", methods=["GET"])
        def number(number):
            with web.database().transaction() as tx:
                return {"number": tx.execute(text("select cast(:number as integer)"), {"number": number}).scalar_one()}

        return blueprint

    def number(self, tx, words):
        number = tx.execute(text("insert into letter (words) values (:words) returning number"), {"words": words})
        self.inside()
        return str(number.scalar_one())

    def post(self, key=None, words="hello", address=ADDRESS, token=None, remote="203.0.113.1"):
        headers = {"Idempotency-Key": key} if key is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        client = self.app.test_client()
        return client.post(address, json={"words": words}, headers=headers, environ_base={"REMOTE_ADDR": remote})

    def letters(self):
        with self.database.transaction() as tx:
            return tx.execute(text("select count(*) from letter")).scalar_one()

    def waiting(self):
        with self.database.transaction() as tx:
            return tx.execute(
                text(
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
                )
            ).scalar_one()


@pytest.fixture(scope="module")
def issuer():
    return DevelopmentIssuer.new()


@pytest.fixture(scope="module")
def store(servers) -> Iterator[Database]:
    name = postgres.new_name("chassis")
    database = Database(servers.postgres.create_database(name, "intake"))
    script = Path(chassis.__file__).parent / "sql" / "0001_delivery.sql"
    with database.engine.begin() as tx:
        tx.exec_driver_sql(script.read_text(encoding="utf-8").replace("%", "%%"))
        tx.exec_driver_sql("create table letter (number integer generated always as identity, words text)")
    yield database
    database.close()
    servers.postgres.drop_database(name)


@pytest.fixture
def office(store, issuer, tmp_path) -> Office:
    (tmp_path / "jwks.json").write_text(issuer.jwks)
    with store.transaction() as tx:
        tx.execute(text("truncate letter, idempotency"))
    return Office(store, tmp_path / "jwks.json")


def test_without_a_key_every_request_is_a_new_one(office):
    assert office.post().json != office.post().json
    assert office.letters() == 2


def test_a_command_sent_again_has_its_first_answer_and_no_second_effect(office):
    first, second = office.post("k1"), office.post("k1")
    assert first.status_code == second.status_code == 200
    assert first.json == second.json
    assert office.letters() == 1


def test_another_body_under_the_same_key_is_refused(office):
    office.post("k1")
    answer = office.post("k1", words="something else")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
    assert office.letters() == 1


def test_another_address_under_the_same_key_is_refused(office):
    office.post("k1", address=f"{ADDRESS}/a")
    assert office.post("k1", address=f"{ADDRESS}/b").json["code"] == "idempotency_key_reused"


def test_two_callers_may_think_of_the_same_key(office, issuer):
    chen, li = issuer.token("chen", "unit"), issuer.token("li", "unit")
    answers = [office.post("k1", token=token) for token in (chen, li, None)]
    answers += [office.post("k1", remote="203.0.113.2")]
    assert len({answer.json["number"] for answer in answers}) == 4


@pytest.mark.parametrize("key", ["", "a" * 201, "a\tb", "é"])
def test_a_key_that_is_none_is_refused(office, key):
    answer = office.post(key)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_idempotency_key")


@pytest.mark.parametrize("key", ["a", "a" * 200, "~ !", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_any_printable_ascii_is_a_key(office, key):
    assert office.post(key).status_code == 200


def test_a_refused_command_may_be_tried_again_under_its_key(office):
    office.inside = refuse
    assert office.post("k1").status_code == 400
    office.inside = nothing
    assert office.post("k1").status_code == 200


def test_a_command_that_forgets_what_it_did_is_a_bug_and_stores_nothing(office):
    assert office.post("k1", words="forgotten").status_code == 500
    assert office.letters() == 0


class Twins:
    """Two requests under one key, the first held in its transaction until the second waits for it."""

    def __init__(self, office: Office, end_of_first) -> None:
        self.office, self.end = office, end_of_first
        self.entered, self.leave = threading.Event(), threading.Event()
        self.answers = {}

    def run(self):
        self.office.inside = self.hold
        threads = [threading.Thread(target=self.send, args=[name]) for name in ("first", "second")]
        threads[0].start()
        assert self.entered.wait(10)
        threads[1].start()
        until(lambda: self.office.waiting() == 1)
        self.leave.set()
        for thread in threads:
            thread.join(10)
        return self.answers["first"], self.answers["second"]

    def send(self, name):
        self.answers[name] = self.office.post("k1")

    def hold(self):
        if not self.entered.is_set():
            self.entered.set()
            assert self.leave.wait(10)
            self.end()


def test_a_concurrent_twin_waits_and_sees_what_the_first_did(office):
    first, second = Twins(office, nothing).run()
    assert first.json == second.json
    assert office.letters() == 1


def test_when_the_first_fails_its_twin_is_the_first(office):
    first, second = Twins(office, refuse).run()
    assert (first.status_code, second.status_code) == (400, 200)
    assert office.letters() == 1


def test_keys_are_forgotten_in_batches_once_they_are_old(office, store):
    for key in ("a", "b", "c", "new"):
        office.post(key)
    with store.transaction() as tx:
        tx.execute(text("update idempotency set created_at = created_at - interval '49 hours' where key <> 'new'"))
    older_than = datetime.now(UTC) - timedelta(hours=48)
    with store.transaction() as tx:
        assert [web.forget_idempotency(tx, older_than, batch=2) for _ in range(3)] == [2, 1, 0]
        assert tx.execute(text("select key from idempotency")).scalars().all() == ["new"]


def test_a_value_that_no_column_can_hold_is_the_clients_fault(office):
    answer = office.app.test_client().get("/api/post/v1/number/99999999999")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
