"""A service that speaks S3, on this machine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from mesoonto.replicas.bucket import Bucket

#: What boto3 takes from the environment; no configuration of who runs the tests takes part.
_CONFIGURED = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """The address of moto's server."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _CONFIGURED.items():
            patch.setenv(name, value)
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield f"http://{host}:{port}"
        finally:
            server.stop()


@pytest.fixture
def bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Bucket]:
    """Makes clients of one new bucket, configured by the environment."""
    import boto3

    for name, value in _CONFIGURED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_address)
    name = f"test-{uuid.uuid4().hex}"
    boto3.session.Session().client("s3").create_bucket(Bucket=name)
    return lambda: Bucket(f"s3://{name}/some/prefix")
