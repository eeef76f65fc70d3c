"""The one table of what each process is told: its environment, made from the folder's secrets and the servers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis import crypto
from chassis.settings import DEVELOPMENT_ISSUER
from deploy.machine.child import bare
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.system.issuer import Issuer

DEMO_UNITS = ROOT / "services" / "dispatch" / "data" / "organisation.demo.json"


@dataclass(frozen=True)
class Environment:
    """`of("sla", …)` is the whole environment of a process of sla; nothing else of the caller's comes through.

    `databases` and `brokers` hold one address per service; `settings` adds to or overrides what the table says, as
    `{"notify": {"SMS_WINDOW": "5"}}`, `"all"` meaning every service.
    """

    folder: Folder
    databases: Mapping[str, str]
    brokers: Mapping[str, str]
    profile: str = "dev"
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, service: str, ops_port: int = 0, http_port: int = 0) -> dict[str, str]:
        """The variables of one process."""
        shared = {
            "PROFILE": self.profile,
            "DATABASE_URL": self.databases[service],
            "AMQP_URI": self.brokers[service],
            "OPS_HOST": "127.0.0.1",
            "OPS_PORT": str(ops_port),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(http_port),
            "JWKS": str(Issuer(self.folder).jwks),
            "TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "PAGE_KEY_FILE": str(self.folder.secret_file("page-key")),
        }
        own = {name: str(value) for name, value in self._own(service).items()}
        return bare() | shared | own | dict(self.settings.get("all", {})) | dict(self.settings.get(service, {}))

    def keep(self) -> None:
        """Leave the table in the folder, for commands that are run beside the system."""
        values = {name: dict(getattr(self, name)) for name in ("databases", "brokers", "settings")}
        self.folder.remember("environment", values | {"profile": self.profile})

    @classmethod
    def kept(cls, folder: Folder) -> "Environment":
        """The table of the system that ran last in the folder. Raises Trouble where none ever did."""
        values = folder.recall("environment")
        if values is None:
            raise Trouble(
                f"No system was ever started in {folder.path}; `make run` starts one, RUN= names another folder."
            )
        return cls(folder, **values)

    def _own(self, service: str) -> dict[str, str | Path]:
        public, private = self._reader_keys()
        table: dict[str, dict[str, str | Path]] = {
            "intake": {
                "MASTER_KEYS_FILE": self.folder.secret_file("master-keys", crypto.new_master_keys),
                "INDEX_KEY_FILE": self.folder.secret_file("index-key"),
                "READER_KEYS_FILE": public,
                "COMMUNITY_NAMES": _community_names(),
                "MEDIA_DIR": self.folder.made("media"),
            },
            "dispatch": {
                # One issuer: what the login signs and what `make token` signs are trusted alike.
                "TOKEN_KEY_FILE": Issuer(self.folder).private,
                "ACCOUNT_KEYS_FILE": self.folder.secret_file("account-keys", crypto.new_master_keys),
            },
            "notify": {
                "READER_KEY_FILE": private,
                "GATEWAY": "file",
                "SMS_LEDGER": self.folder.path / "sms.jsonl",
                "LETTERS_DIR": self.folder.made("letters"),
            },
        }
        return table.get(service, {})

    def _reader_keys(self) -> tuple[Path, Path]:
        pair = crypto.new_reader_keys()
        # The public half is invented with the private one: both are new, or both were kept.
        private = self.folder.secret_file("reader-private", lambda: pair.private)
        public = self.folder.secret_file("reader-public", lambda: pair.public)
        return public, private


def _community_names() -> str:
    """The demo's communities, as their residents call them."""
    units = json.loads(DEMO_UNITS.read_text(encoding="utf-8"))["units"]
    return ",".join(f"{unit['code']}={unit['name']}" for unit in units if unit["kind"] == "community")
