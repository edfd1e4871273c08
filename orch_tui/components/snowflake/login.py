"""The parameters that say where Snowflake is and who logs in; of use without the connector."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from orch_tui.components import kit
from orch_tui.model.texts.text import safe_line


class Login(kit.Parameters):
    """Where Snowflake is and who asks."""

    account: str = Field(
        min_length=1,
        title="Account",
        description="The account identifier, such as myorg-account1; without .snowflakecomputing.com.",
    )
    user: str = Field(min_length=1, title="User", description="The user to log in as.")
    password: str | None = Field(
        None,
        min_length=1,
        title="Password",
        description="The password, or a programmatic access token. Or give a private key.",
        json_schema_extra={"x-secret": True},
    )
    private_key: str | None = Field(
        None,
        min_length=1,
        title="Private key",
        description="The user's RSA key in PEM form (-----BEGIN …); Snowflake knows its public key. Or give its file.",
        json_schema_extra={"x-secret": True},
    )
    private_key_file: str | None = Field(
        None, min_length=1, title="Private key file", description="The key as a PEM file, relative to the project."
    )
    passphrase: str | None = Field(
        None,
        min_length=1,
        title="Passphrase",
        description="What the private key is encrypted with, if it is.",
        json_schema_extra={"x-secret": True},
    )
    warehouse: str | None = Field(
        None, min_length=1, title="Warehouse", description="What computes the query; the user's default if empty."
    )
    role: str | None = Field(
        None, min_length=1, title="Role", description="The role to read with; the user's default if empty."
    )
    database: str | None = Field(
        None, min_length=1, title="Database", description="Where names without a database are looked up."
    )
    schema_name: str | None = Field(
        None, alias="schema", min_length=1, title="Schema", description="Where names without a schema are looked up."
    )
    host: str | None = Field(
        None,
        min_length=1,
        title="Host",
        description="Another host than <account>.snowflakecomputing.com: a private link, say.",
    )
    port: int | None = Field(None, ge=1, le=65535, title="Port", description="443 if empty.")
    protocol: Literal["https", "http"] = Field(
        "https", title="Protocol", description="http is for a stand-in on this machine only."
    )
    login_timeout: int = Field(
        60, ge=1, le=600, title="Login timeout", description="Seconds to try to log in before giving up."
    )
    network_timeout: int = Field(
        300,
        ge=1,
        le=3600,
        title="Network timeout",
        description="Seconds for which a request that fails (429, 5xx, a dropped connection) is repeated. How long a "
        "query may run is the task's timeout.",
    )

    @field_validator("account")
    @classmethod
    def _only_the_identifier(cls, value: str) -> str:
        if "/" in value or ".snowflakecomputing." in value:
            raise ValueError("give the identifier alone, such as myorg-account1, without https:// or the domain")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> Login:
        given = [self.password, self.private_key, self.private_key_file]
        if sum(item is not None for item in given) != 1:
            raise ValueError("give exactly one of password, private_key and private_key_file")
        if self.password is not None and self.passphrase is not None:
            raise ValueError("a passphrase belongs to a private key, and there is a password; leave one of them out")
        return self

    @property
    def shown(self) -> str:
        """The place for sentences: ``myorg-account1``, or with the host that was given."""
        place = safe_line(self.account, 100)
        if self.host is None:
            return place
        return f"{place} ({safe_line(self.host, 100)}{'' if self.port is None else f':{self.port}'})"
