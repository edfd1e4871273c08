"""The server of these tests."""

from tests.servers.s3 import s3, s3_server

__all__ = ["s3", "s3_server"]
