"""Published versions in a bucket of Amazon S3, or of a service that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mesoonto import extras
from mesoonto.errors import AbsentError, StorageError
from mesoonto.replicas.storage import CHUNK, PATIENCE, Content, Sent, StoredFile

#: A service answers so where it does not know conditional writes.
_NOT_KNOWN = ("NotImplemented", "InvalidArgument", "501")

#: And so where somebody else has written meanwhile.
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")

_ABSENT = ("NoSuchKey", "404", "NotFound")

#: Seconds in a day: no publisher takes longer.
_DAY = 86400.0


class Bucket:
    """The publication below *address*, which is ``s3://BUCKET/PREFIX``; a StorageError where it is not.

    Credentials, region and service are found as boto3 finds them; *endpoint_url* names another service.
    """

    grace = _DAY

    def __init__(self, address: str, endpoint_url: str | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise StorageError(f"{address}: write s3://BUCKET/PREFIX")
        self._bucket = parts.netloc
        prefix = parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._address = f"s3://{self._bucket}/{self._prefix}"
        self._client = _client(endpoint_url)

    @property
    def name(self) -> str:
        """Its address."""
        return self._address

    @contextmanager
    def open(self, name: str, *, offset: int = 0, unless: str = "") -> Iterator[Content | None]:
        """See `PublicationSource`."""
        conditions: dict[str, str] = {}
        if offset:
            conditions["Range"] = f"bytes={offset}-"
        if unless:
            conditions["IfNoneMatch"] = unless
        try:
            with self._told(name):
                found = self._client.get_object(**self._at(name), **conditions)
        except StorageError as error:
            if unless and _code(error.__cause__) in ("304", "NotModified"):
                yield None
                return
            raise
        body = found["Body"]
        try:
            yield Content(self._parts(body, name), found.get("ETag", ""), offset)
        finally:
            body.close()

    def _parts(self, body: Any, name: str) -> Iterator[bytes]:
        while True:
            with self._told(name):
                part = body.read(CHUNK)
            if not part:
                return
            yield part

    def size(self, name: str) -> int | None:
        """See `Storage`."""
        try:
            with self._told(name):
                return int(self._client.head_object(**self._at(name))["ContentLength"])
        except AbsentError:
            return None

    def put(self, name: str, path: Path, sent: Sent) -> None:
        """See `Storage`."""
        with self._told(name):
            self._client.upload_file(str(path), self._bucket, self._prefix + name, Callback=sent)

    def write(self, name: str, content: bytes) -> None:
        """See `Storage`."""
        with self._told(name):
            self._client.put_object(**self._at(name), Body=content, ContentType="application/json")

    def replace(self, name: str, content: bytes, tag: str) -> None:
        """See `Storage`; without the condition where the service does not know it."""
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            with self._told(name):
                self._client.put_object(
                    **self._at(name), Body=content, ContentType="application/json", **condition
                )
        except StorageError as error:
            if _code(error.__cause__) in _OVERTAKEN:
                raise StorageError(
                    f"{self.name}{name}: somebody else has published meanwhile, and theirs stays the latest"
                ) from error
            if _code(error.__cause__) not in _NOT_KNOWN:
                raise
            self.write(name, content)

    def entries(self, prefix: str) -> Iterator[StoredFile]:
        """See `Storage`."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._told(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for found in page.get("Contents", ()):
                    yield StoredFile(
                        found["Key"].removeprefix(self._prefix), found["LastModified"].timestamp()
                    )

    def remove(self, name: str) -> None:
        """See `Storage`."""
        with self._told(name):
            self._client.delete_object(**self._at(name))

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Nothing is held: `replace` tells of another publisher."""
        yield

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"{self.name}{name}"
        try:
            yield
        except ClientError as error:
            if _code(error) in _ABSENT:
                raise AbsentError(f"{where}: no such file") from error
            told = error.response.get("Error", {})
            raise StorageError(
                f"{where}: the service refuses it: {told.get('Code', '')} {told.get('Message', '')}"
            ) from error
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise StorageError(f"{where}: {error}") from error


def _client(endpoint_url: str | None) -> Any:
    """A client of boto3; a NotInstalledError without it, a StorageError where its configuration is broken."""
    extras.need("replicas", "s3://")
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    config = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 2})
    try:
        return boto3.session.Session().client("s3", endpoint_url=endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        raise StorageError(f"s3: {error}") from error


def _code(error: BaseException | None) -> str:
    """The code of a service's refusal."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
