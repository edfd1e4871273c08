"""How a client shows who it is: settings for people, and the ``httpx.Auth`` that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr, field_validator

from orch_tui.components.http.variants import Choice, used_with
from orch_tui.model.errors import UserError

if TYPE_CHECKING:
    import httpx

__all__ = ["Auth", "AuthType", "authentication", "secrets_of"]

AuthType = Literal["none", "bearer", "basic", "api_key", "oauth2_client_credentials"]
"""Kinds of authentication."""

_OAUTH = "oauth2_client_credentials"


class Auth(Choice):
    """Who the client is. ``type`` decides which of the other fields are used; see :class:`Choice`."""

    type: AuthType = Field(
        default="none",
        title="Kind of sign-in",
        description="bearer: a token. basic: user and password. api_key: a value in a header or in the query. "
        "oauth2_client_credentials: tokens from a token endpoint, renewed by themselves.",
    )
    token: SecretStr | None = Field(
        default=None,
        title="Token",
        description="For bearer.",
        json_schema_extra=used_with("bearer", needed=True, x_secret=True),
    )
    username: str | None = Field(
        default=None, title="User", description="For basic.", json_schema_extra=used_with("basic", needed=True)
    )
    password: SecretStr | None = Field(
        default=None,
        title="Password",
        description="For basic; may be left out where the user name is the key.",
        json_schema_extra=used_with("basic", x_secret=True),
    )
    name: str | None = Field(
        default=None,
        title="Name of the key",
        description="For api_key: the header or the parameter, such as X-Api-Key.",
        json_schema_extra=used_with("api_key", needed=True),
    )
    value: SecretStr | None = Field(
        default=None,
        title="Key",
        description="For api_key.",
        json_schema_extra=used_with("api_key", needed=True, x_secret=True),
    )
    place: Literal["header", "query"] = Field(
        default="header",
        title="Place of the key",
        description="For api_key: header or query.",
        json_schema_extra=used_with("api_key"),
    )
    token_url: str | None = Field(
        default=None,
        title="Token address",
        description="For OAuth2: the full address of the token endpoint.",
        json_schema_extra=used_with(_OAUTH, needed=True),
    )
    client_id: str | None = Field(
        default=None, title="Client id", description="For OAuth2.", json_schema_extra=used_with(_OAUTH, needed=True)
    )
    client_secret: SecretStr | None = Field(
        default=None,
        title="Client secret",
        description="For OAuth2.",
        json_schema_extra=used_with(_OAUTH, needed=True, x_secret=True),
    )
    scope: str | None = Field(
        default=None,
        title="Scope",
        description="For OAuth2: one or more, with blanks between.",
        json_schema_extra=used_with(_OAUTH),
    )
    credentials: Literal["body", "header"] = Field(
        default="body",
        title="Place of the credentials",
        description="For OAuth2: where the token endpoint wants id and secret, in the form or in a Basic header.",
        json_schema_extra=used_with(_OAUTH),
    )
    extra: dict[str, str] = Field(
        default={},
        title="Further fields",
        description="For OAuth2: other form fields that the token endpoint wants, such as audience.",
        json_schema_extra=used_with(_OAUTH),
    )

    @field_validator("token_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://", "${", "{{")):
            raise ValueError('it must be a full address that begins with "https://"')
        return value


def authentication(auth: Auth | None) -> httpx.Auth | None:
    """What :class:`~orch_tui.components.http.client.HttpClient` sends with each request; None for type "none".

    Raises:
        UserError: a secret is empty or holds characters that no header can carry.
    """
    if auth is None or auth.type == "none":
        return None
    import httpx

    from orch_tui.components.http.auth.tokens import ClientCredentials, KeyAuth

    if auth.type == "basic":
        return httpx.BasicAuth(auth.username or "", _revealed(auth.password))
    if auth.type == "bearer":
        return KeyAuth("Authorization", _header_value("token", auth.token), prefix="Bearer ")
    if auth.type == "api_key":
        if auth.place == "query":
            return KeyAuth(auth.name or "", _revealed(auth.value), in_query=True)
        return KeyAuth(auth.name or "", _header_value("value", auth.value))
    return ClientCredentials(
        auth.token_url or "",
        auth.client_id or "",
        _revealed(auth.client_secret),
        scope=auth.scope,
        in_header=auth.credentials == "header",
        extra=auth.extra,
    )


def secrets_of(auth: Auth | None) -> list[str]:
    """The secret values themselves, for what must be kept out of messages."""
    if auth is None:
        return []
    found = (auth.token, auth.password, auth.value, auth.client_secret)
    return [item.get_secret_value() for item in found if item is not None]


def _revealed(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _header_value(name: str, secret: SecretStr | None) -> str:
    """Raises: UserError, without the value, when a header cannot carry it (httpx's error would show it)."""
    value = _revealed(secret).strip()
    if not value:
        raise UserError(f"auth.{name}: the value is empty; check the variable it comes from")
    if not (value.isascii() and value.isprintable()):
        raise UserError(
            f"auth.{name}: the value holds line ends or letters that a header cannot carry; check the variable it "
            "comes from"
        )
    return value
