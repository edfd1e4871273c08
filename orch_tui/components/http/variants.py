"""Settings of which one, ``type``, decides which of the others are used: flat, so that a form can show them all."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

__all__ = ["Choice", "used_with"]

T = TypeVar("T")


class Choice(BaseModel):
    """Base of settings with a field ``type``, which must be the first one.

    Other fields say with :func:`used_with` for which types they are used. One that is given for another type, or not
    given where it is needed, is an error at that very field.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, validate_default=True)

    @field_validator("*", mode="after")
    @classmethod
    def _fits_type(cls, value: T, info: ValidationInfo) -> T:
        field = cls.model_fields[info.field_name or ""]
        extra = field.json_schema_extra
        chosen = info.data.get("type")
        # Without a type in the data, the type itself is wrong, which is error enough.
        if not isinstance(extra, dict) or chosen is None:
            return value
        depends: Any = extra.get("x-depends-on")
        if not isinstance(depends, dict):
            return value
        if chosen not in depends["type"]:
            if value != field.default:
                raise ValueError(f'it is not used with type = "{chosen}"; take it out, or choose another type')
        elif chosen in depends.get("required", ()) and (value is None or (isinstance(value, Sized) and not len(value))):
            raise ValueError(f'type = "{chosen}" needs this')
        return value


def used_with(*types: str, needed: bool | tuple[str, ...] = False, **extra: Any) -> dict[str, Any]:
    """The ``json_schema_extra`` of a field of a :class:`Choice`: for which types it is used, and is needed.

    ``needed`` is True for all of ``types``, or names some of them. ``extra`` are further keys with "-" for "_".
    """
    required = list(types) if needed is True else list(needed or ())
    marks = {name.replace("_", "-"): value for name, value in extra.items()}
    return {"x-depends-on": {"type": list(types), "required": required}, **marks}
