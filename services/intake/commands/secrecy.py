"""The one place where a writer's personal data are sealed, opened and hashed."""

import json
from dataclasses import asdict, dataclass

from chassis import crypto
from services.intake.domain.identity import Writer
from services.intake.store import SealedIdentity


@dataclass(frozen=True, slots=True, repr=False)
class Secrecy:
    master_keys: crypto.MasterKeys
    index_key: bytes

    def seal(self, number: str, writer: Writer) -> SealedIdentity:
        content = json.dumps(asdict(writer), ensure_ascii=False).encode()
        mobile = self.hash("mobile", writer.mobile) if writer.mobile else None
        return SealedIdentity(
            number, crypto.seal(self.master_keys, number, content), mobile, self.hash("code", number, writer.query_code)
        )

    def open(self, identity: SealedIdentity) -> Writer:
        """Raises chassis.crypto.CryptoError if the bytes belong to another case or were changed."""
        return Writer(**json.loads(crypto.open(self.master_keys, identity.number, identity.sealed)))

    def hash(self, use: str, *values: str) -> bytes:
        """A keyed hash; different uses of the same value give different hashes."""
        return crypto.blind_index(self.index_key, "\x1f".join((use, *values)))
