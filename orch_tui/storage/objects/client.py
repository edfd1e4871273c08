"""The objects of one project in a bucket: read, listed, deleted, and written so that no other writer is overwritten.

Through obstore (https://developmentseed.org/obstore/), whose store tries again what failed on the way. An answer that
was lost is found out by looking: what is written under a condition is unlike all that was written before.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from orch_tui.model.texts.text import safe_line
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.project.files.own_files import open_own, write_all
from orch_tui.storage.place import PlaceError

if TYPE_CHECKING:
    from obstore.store import S3Store

_TRIES = 4
"""So often what is conditional is tried, each of them with the store's own tries."""
_PART = 16 << 20
"""Bytes of one request of a large object."""
_CODE = re.compile(r"<Code>([A-Za-z0-9]+)</Code>")
_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")
_STATUS = re.compile(r"status code: (\d{3})")
_KEY_CODES = frozenset(
    {
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InvalidToken"),
        *("InvalidClientTokenId", "AllAccessDisabled", "AccountProblem"),
    }
)


Keys = Callable[[], tuple[str, str, str | None]]


class StoreError(PlaceError):
    """The store refuses or does not answer: one sentence with what to do."""


class Overtaken(StoreError):
    """Another one has written the object meanwhile; nothing was changed."""


class Unknown(StoreError):
    """The store did not answer, ``why``: what was to be written may be there or not."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"{why}; it may have been written or not")


class Stored(NamedTuple):
    """``tag`` changes with the contents; ``changed`` is by the server's clock."""

    data: bytes
    tag: str
    changed: datetime


class Listed(NamedTuple):
    key: str
    size: int
    changed: datetime


class Objects:
    """All keys are below the address' prefix. ``keys`` gives the values of the address' secrets, or raises."""

    def __init__(self, address: StorageAddress, keys: Keys, *, patience: float = 20.0) -> None:
        self.address = address
        self._keys = keys
        self._patience = patience
        self._made: S3Store | None = None

    def read(self, key: str) -> Stored | None:
        """An object; None where there is none. Raises: StoreError."""
        import obstore

        try:
            found = obstore.get(self._store, key)
            meta = found.meta
            return Stored(bytes(found.bytes()), str(meta["e_tag"]), meta["last_modified"])
        except FileNotFoundError as error:
            self._require_bucket(error)
            return None
        except Exception as error:  # noqa: BLE001 - whatever the library raises is the store's word
            self._refuse(error)

    def swap(self, key: str, data: bytes, tag: str | None) -> str:
        """Write ``data`` if the object still has this tag, or is not there where the tag is None; its new tag.

        Raises:
            Overtaken: it has another one, and nothing was changed.
            Unknown: the store does not answer any more.
            StoreError: it refuses, and nothing was changed.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        failed: Exception | None = None
        for number in range(_TRIES):
            if number:
                time.sleep(0.1 * 2**number)
            refused = False
            try:
                mode: Any = "create" if tag is None else {"e_tag": tag}
                return str(obstore.put(self._store, key, data, mode=mode, use_multipart=False)["e_tag"])
            except (AlreadyExistsError, PreconditionError, FileNotFoundError) as error:
                self._require_bucket(error)
                failed = error
            except StoreError:
                # Nothing was asked of it.
                raise
            except Exception as error:  # noqa: BLE001 - looked into below
                self._require_bucket(error)
                failed, refused = error, self._is_refusal(error)
            try:
                now = self.read(key)
            except StoreError as error:
                failed = error
                if refused:
                    break
                continue
            if now is not None and now.data == data:
                # An answer was lost, and the library's own second try found the first, or was refused.
                return now.tag
            if (now.tag if now is not None else None) != tag:
                raise Overtaken(f"{key} in {self.address.where} was changed by another writer")
            if refused and not number:
                self._refuse(failed)
            if refused:
                # The try before it had no answer, and may come to the store yet.
                break
        raise Unknown(self._why(failed)) from failed

    def put(self, key: str, file: Path) -> None:
        """Write an object whose name nobody else uses. Raises: StoreError, OSError."""
        import obstore

        try:
            obstore.put(self._store, key, file, chunk_size=_PART, max_concurrency=4)
        except Exception as error:  # noqa: BLE001 - as in read
            self._refuse(error)

    def fetch(self, key: str, target: Path) -> None:
        """Bring an object to a file that is not there yet, and is on the disk afterwards.

        Raises: FileNotFoundError: there is no such object; StoreError; OSError.
        """
        import obstore

        descriptor = open_own(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            try:
                size = obstore.head(self._store, key)["size"]
                for start in range(0, size, _PART):
                    piece = obstore.get_range(self._store, key, start=start, end=min(size, start + _PART))
                    write_all(descriptor, bytes(piece), target)
            except FileNotFoundError as error:
                self._require_bucket(error)
                raise FileNotFoundError(f"{key} in {self.address.where} is gone") from error
            except OSError:
                raise
            except Exception as error:  # noqa: BLE001 - as in read
                self._refuse(error)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def has(self, key: str) -> bool:
        """Raises: StoreError."""
        import obstore

        try:
            obstore.head(self._store, key)
            return True
        except FileNotFoundError:
            return False
        except Exception as error:  # noqa: BLE001 - as in read
            self._refuse(error)

    def list(self, below: str) -> Iterator[Listed]:
        """The objects whose keys begin with ``below``, a folder that ends with "/". Raises: StoreError."""
        import obstore

        try:
            for batch in obstore.list(self._store, below.rstrip("/")):
                yield from (Listed(one["path"], one["size"], one["last_modified"]) for one in batch)
        except FileNotFoundError as error:
            self._require_bucket(error)
        except Exception as error:  # noqa: BLE001 - as in read
            self._refuse(error)

    def delete(self, key: str) -> None:
        """One that is gone is as well. Raises: StoreError."""
        import obstore

        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - as in read
            self._refuse(error)

    def now(self) -> datetime:
        """The time by the server's clock, to the second: that of an object that was written just now, one a machine.

        Raises: StoreError.
        """
        import obstore

        key = f"clock/{hashlib.sha256(os.uname().nodename.encode()).hexdigest()[:16]}"
        try:
            obstore.put(self._store, key, b"now", use_multipart=False)
            moment: datetime = obstore.head(self._store, key)["last_modified"]
            return moment
        except Exception as error:  # noqa: BLE001 - as in read
            self._refuse(error)

    @property
    def _store(self) -> S3Store:
        if self._made is None:
            try:
                from obstore.store import S3Store
            except ImportError as error:
                raise StoreError(
                    f'tables in {self.address.url} need a package that is not installed; pip install "orch-tui[s3]"'
                ) from error
            identity, key, token = self._keys()
            given: dict[str, Any] = {"endpoint": self.address.endpoint} if self.address.endpoint else {}
            if token:
                given["token"] = token
            self._made = S3Store(
                self.address.bucket,
                prefix=self.address.prefix or None,
                region=self.address.region,
                access_key_id=identity,
                secret_access_key=key,
                client_options={
                    "allow_http": self.address.endpoint.startswith("http://"),
                    "connect_timeout": "5s",
                    # Of one request, which is never longer than a part.
                    "timeout": "60s",
                },
                retry_config={
                    "max_retries": 5,
                    "retry_timeout": timedelta(seconds=self._patience),
                    "backoff": {
                        "init_backoff": timedelta(milliseconds=100),
                        "max_backoff": timedelta(seconds=3),
                        "base": 2,
                    },
                },
                **given,
            )
        return self._made

    def _require_bucket(self, error: Exception) -> None:
        if "NoSuchBucket" in str(error):
            self._refuse(error)

    def _is_refusal(self, error: Exception) -> bool:
        """Whether trying again gives the same."""
        from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

        found = _STATUS.search(str(error))
        status = int(found[1]) if found else 0
        refused = (400 <= status < 500 and status not in (404, 408, 409, 412, 429)) or _code(error) == "NoSuchBucket"
        return refused or isinstance(error, PermissionDeniedError | UnauthenticatedError | StoreError)

    def _refuse(self, error: Exception | None) -> NoReturn:
        if isinstance(error, StoreError):
            raise error
        raise StoreError(self._why(error)) from error

    def _why(self, error: Exception | None) -> str:
        """One sentence; what the library adds for its own developers is left out."""
        if isinstance(error, StoreError):
            return str(error)
        text, where = str(error), self.address.where
        code, names = _code(error), self.address.secrets
        if code == "NoSuchBucket":
            server = self.address.endpoint or "Amazon S3"
            return f"there is no bucket {self.address.bucket} at {server}; make it, or correct url in [storage]"
        if code == "RequestTimeTooSkewed":
            return f"{where} refuses this machine's clock; set the clock"
        found = _STATUS.search(text)
        if code in _KEY_CODES or (found and found[1] in ("401", "403")):
            said = f" ({code})" if code else ""
            return f"{where} refuses the key{said}; check {names[0]} and {names[1]}, and what they are allowed to do"
        if found:
            message = _MESSAGE.search(text)
            said = ": ".join(filter(None, (code, safe_line(message[1], 200) if message else "")))
            return f"{where} answers {found[1]}{f' ({said})' if said else ''}; try again, or ask who runs it"
        return f"{where} does not answer; check endpoint in [storage] and the network"


def _code(error: Exception | None) -> str:
    found = _CODE.search(str(error))
    return found[1] if found else ""
