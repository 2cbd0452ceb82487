"""Stores of objects: S3 as moto serves it, and the memory of this process; what is in them is seen past the code under test, as paths."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import fsspec
from botocore.config import Config

from tests.servers.ports import free_port
from tests.servers.programs import running

BUCKET, KEY, SECRET = "shop-feeds", "AKIA4X7QKEYOFTESTS", "wJa7rXUtnFEMIofTESTS"


class S3Objects:
    """The objects of one bucket, by Amazon's own client."""

    def __init__(self, url: str) -> None:
        self.url = url
        settings = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=30)
        self._client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1", config=settings
        )
        self._client.create_bucket(Bucket=BUCKET)

    def keys(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def get(self, key: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return data

    def put(self, key: str, data: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=key, Body=data)

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=BUCKET, Key=key)

    def close(self) -> None:
        self._client.close()


class MemoryObjects:
    """fsspec's files in the memory of a process."""

    def __init__(self) -> None:
        self._fs: Any = fsspec.filesystem("memory")

    def keys(self, prefix: str) -> list[str]:
        names = [*self._fs.store, *(f"{one}/" for one in self._fs.pseudo_dirs if one)]
        return [name.lstrip("/") for name in names if name.lstrip("/").startswith(prefix)]

    def get(self, key: str) -> bytes:
        data: bytes = self._fs.cat_file(f"/{key}")
        return data

    def put(self, key: str, data: bytes) -> None:
        if key.endswith("/"):
            self._fs.makedirs(f"/{key}", exist_ok=True)
        else:
            self._fs.pipe_file(f"/{key}", data)

    def delete(self, key: str) -> None:
        self._fs.store.pop(f"/{key}", None)
        if f"/{key.rstrip('/')}" in self._fs.pseudo_dirs:
            self._fs.pseudo_dirs.remove(f"/{key.rstrip('/')}")


@dataclass(frozen=True)
class ObjectPath:
    """A place in a store with as much of what a path can do as the tests ask for."""

    store: Any
    key: str = ""

    @property
    def name(self) -> str:
        return self.key.rsplit("/", 1)[-1]

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(self.store, f"{self.key}/{name}".lstrip("/"))

    def __lt__(self, other: ObjectPath) -> bool:
        return self.key < other.key

    def read_bytes(self) -> bytes:
        data: bytes = self.store.get(self.key)
        return data

    def write_bytes(self, data: bytes) -> None:
        self.store.put(self.key, data)

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        # As the programs of people do it: an empty object whose name ends so.
        self.store.put(f"{self.key}/", b"")

    def unlink(self) -> None:
        self.store.delete(self.key)

    def empty(self) -> None:
        for key in self.store.keys(f"{self.key}/" if self.key else ""):
            self.store.delete(key)

    def iterdir(self) -> Iterator[ObjectPath]:
        prefix = f"{self.key}/" if self.key else ""
        names = dict.fromkeys(key.removeprefix(prefix).split("/")[0] for key in self.store.keys(prefix))
        return iter(self / name for name in names if name)


@contextmanager
def s3(folder: Path) -> Iterator[S3Objects]:
    """moto, which answers as S3 does, in a process of its own, with one bucket."""
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port, folder / "s3.log"):
        objects = S3Objects(f"http://127.0.0.1:{port}")
        try:
            yield objects
        finally:
            objects.close()
