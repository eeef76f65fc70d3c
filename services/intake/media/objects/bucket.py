"""The object store as a bucket of S3 or of a compatible store (MinIO, Ceph, OBS, COS)."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from services.intake.media.objects.port import PIECE, ObjectMissing, StoreUnavailable, checked

ATTEMPTS = 2
T = TypeVar("T")


class Bucket:
    """A bucket; `seconds` is how long a call may wait for its answer, and each call is tried twice."""

    def __init__(
        self, name: str, *, endpoint: str = "", region: str = "", key: str = "", secret: str = "", seconds: float = 10.0
    ) -> None:
        self.name = name
        waits = Config(
            connect_timeout=min(3.0, seconds),
            read_timeout=seconds,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            # S3-compatible stores support neither trailing checksums nor host names per bucket.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"} if endpoint else {},
        )
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            region_name=region or None,
            aws_access_key_id=key or None,
            aws_secret_access_key=secret or None,
            config=waits,
        )

    def put(self, key: str, body: BinaryIO) -> None:
        _asked(lambda: self.client.put_object(Bucket=self.name, Key=checked(key), Body=body))

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        part = f"bytes={start}-{'' if end is None else end - 1}"
        answer = _asked(lambda: self.client.get_object(Bucket=self.name, Key=checked(key), Range=part))
        return _pieces(answer["Body"])

    def forget(self, prefix: str) -> None:
        asked = {"Bucket": self.name, "Prefix": f"{checked(prefix)}/"}
        while found := _asked(lambda: self.client.list_objects_v2(**asked)).get("Contents"):
            self._delete([each["Key"] for each in found])

    def _delete(self, keys: list[str]) -> None:
        gone = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        if _asked(lambda: self.client.delete_objects(Bucket=self.name, Delete=gone)).get("Errors"):
            raise StoreUnavailable("some objects could not be deleted")


def _pieces(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(PIECE)
    except BotoCoreError as error:
        raise StoreUnavailable(type(error).__name__) from None
    finally:
        body.close()


def _asked(call: Callable[[], T]) -> T:
    try:
        return call()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("NoSuchKey", "404"):
            raise ObjectMissing() from None
        raise StoreUnavailable(code) from None
    except BotoCoreError as error:
        raise StoreUnavailable(type(error).__name__) from None
