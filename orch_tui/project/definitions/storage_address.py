"""Where a project keeps its tables when that is no directory: ``[storage]`` with a ``url`` in ``orch.toml``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orch_tui.model.components.component import STORAGE_KEYS_VARIABLE
from orch_tui.model.dataclass import dataclass
from orch_tui.model.variables.references import is_secret_name

if TYPE_CHECKING:
    from orch_tui.project.toml.decode import Table

LEASE = 15.0
_LEAST_LEASE = 2.0
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """A bucket, and what the names of objects begin with there.

    ``endpoint`` is the server, empty for Amazon's. ``secrets`` are the names of the key's id, the key itself and the
    session's token; the last one may have no value. ``lease`` is for how many seconds a writer holds a table without
    being heard of.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    secrets: tuple[str, str, str] = (_KEYS[0], _KEYS[1], _KEYS[2])
    lease: float = LEASE

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def where(self) -> str:
        """For sentences: the bucket, and whose server it is on."""
        return f"{self.url} at {self.endpoint or 'Amazon S3'}"

    def as_text(self) -> str:
        """For a task; no secret is in it."""
        return json.dumps(
            {
                "bucket": self.bucket,
                "prefix": self.prefix,
                "endpoint": self.endpoint,
                "region": self.region,
                "secrets": self.secrets,
                "lease": self.lease,
            }
        )

    def keys_in(self, environment: Mapping[str, str]) -> dict[str, str]:
        """For the environment of a task with tables: the secrets that this environment knows."""
        known = {name: environment[name] for name in self.secrets if name in environment}
        return {STORAGE_KEYS_VARIABLE: json.dumps(known)} if known else {}

    @classmethod
    def of_text(cls, text: str) -> StorageAddress:
        """Raises: ValueError, KeyError, TypeError."""
        body: dict[str, Any] = json.loads(text)
        return cls(**{**body, "secrets": tuple(body["secrets"])})


def read_address(storage: Table) -> StorageAddress | None:
    """What ``[storage]`` says; None without a url, and where what it says cannot be (which is reported)."""
    url, endpoint = storage.text("url"), storage.text("endpoint")
    region, lease = storage.text("region") or "us-east-1", storage.number("lease", zero=False)
    names = [
        _secret(storage, key, usual)
        for key, usual in zip(("access_key", "secret_key", "session_token"), _KEYS, strict=True)
    ]
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        message = "the storage's url can be that of a bucket only, with a name for this project in it"
        storage.error("url", "value", message, 'write it like "s3://bucket/project"')
        return None
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        message = "the storage's endpoint is no address of a server"
        storage.error("endpoint", "value", message, 'write it like "https://s3.example.com"')
        return None
    if endpoint and "@" in urlsplit(endpoint).netloc:
        # The endpoint stands in messages and logs.
        message = "the storage's endpoint has a name or a password in it, which everybody would be told"
        storage.error("endpoint", "value", message, "take it out, and put the keys into .env (access_key, secret_key)")
        return None
    if lease is not None and lease < _LEAST_LEASE:
        storage.error("lease", "value", f"a lease has {_LEAST_LEASE:g} seconds at least", f"write {LEASE:g}, or more")
        lease = None
    return StorageAddress(
        parts.netloc,
        parts.path.strip("/"),
        endpoint.rstrip("/") if endpoint else "",
        region,
        (names[0], names[1], names[2]),
        lease or LEASE,
    )


def _secret(storage: Table, key: str, usual: str) -> str:
    """The name of a secret, which is written as a reference."""
    text = storage.text(key)
    if not text:
        return usual
    name = text.removeprefix("${").removesuffix("}")
    if text != f"${{{name}}}" or not is_secret_name(name):
        # The text itself may be the secret.
        message = f"{key} holds something else than a reference to a secret"
        storage.error(key, "value", message, f'write it like "${{{usual}}}", and put the value into .env')
        return usual
    return name
