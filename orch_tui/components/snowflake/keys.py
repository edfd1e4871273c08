"""The private key of a login in the form that Snowflake's connector takes.

Source: https://docs.snowflake.com/en/user-guide/key-pair-auth
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orch_tui.components.kit.component import UserError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.components.snowflake.login import Login


def der_key(login: Login, resolve: Callable[[str], Path]) -> bytes:
    """The RSA key as unencrypted PKCS#8 in DER form; it stays in memory.

    Raises:
        UserError: the extra or the file is missing, it is no RSA key in PEM form, or the passphrase does not fit.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    except ImportError as error:
        raise UserError(
            "a login with a private key needs the package cryptography, which is not installed; "
            "run: pip install 'orch-tui[snowflake]'"
        ) from error
    pem, where = _pem(login, resolve)
    key = _load(serialization.load_pem_private_key, pem, login.passphrase, where)
    if not isinstance(key, RSAPrivateKey):
        raise UserError(f"{where} is no RSA key, and Snowflake takes no other; make one with openssl genrsa 2048")
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(login: Login, resolve: Callable[[str], Path]) -> tuple[bytes, str]:
    if login.private_key_file is None:
        text = (login.private_key or "").strip()
        # Many stores of secrets keep one line only.
        return (text if "\n" in text else text.replace("\\n", "\n")).encode(), "private_key"
    where = f"the private key file {safe_line(login.private_key_file, 200)}"
    try:
        return resolve(login.private_key_file).read_bytes(), where
    except OSError as error:
        raise UserError(
            f"{where} cannot be read: {error.strerror or error}; correct the parameter private_key_file"
        ) from error


def _load(load: Callable[..., Any], pem: bytes, passphrase: str | None, where: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    if b"-----BEGIN" not in pem or b"OPENSSH" in pem:
        raise UserError(
            f"{where} is no key in PEM form; it begins with -----BEGIN PRIVATE KEY----- or -----BEGIN ENCRYPTED "
            "PRIVATE KEY-----, as openssl pkcs8 -topk8 writes it"
        )
    encrypted = b"ENCRYPTED" in pem
    if encrypted and passphrase is None:
        raise UserError(f"{where} is encrypted; give its passphrase in the parameter passphrase")
    try:
        return load(pem, password=passphrase.encode() if encrypted and passphrase is not None else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's own words may quote what it was given.
        advice = "correct the parameter passphrase, or the key" if encrypted else "copy the key again, with all lines"
        problem = "cannot be decrypted with the passphrase" if encrypted else "cannot be read: it is not complete"
        raise UserError(f"{where} {problem}; {advice}") from error
