"""Fields of a form from a JSON Schema and the parameters at hand: what to show for each, and its first text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orch_tui.model.texts.text import safe_line
from orch_tui.tui.configuration.form import codec
from orch_tui.tui.configuration.form.codec import TEXT_ONLY, Types
from orch_tui.tui.configuration.form.depends import Condition, conditions, needed_if_used
from orch_tui.tui.configuration.form.schemas import (
    Spec,
    branches,
    is_marked,
    is_secret_name,
    resolve,
    secret_literals,
    specs,
)

FieldPath = tuple[str, ...]


class Kind(StrEnum):
    """How a value is edited. ``LINE`` one line; ``LINES`` a long text; ``LIST`` one entry a line; ``MAP`` name = value
    lines; ``TOML`` everything else."""

    LINE = "line"
    LINES = "lines"
    CHOICE = "choice"
    SWITCH = "switch"
    LIST = "list"
    MAP = "map"
    TOML = "toml"


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the parameters at ``path``.

    ``text`` is what it has now (see :mod:`orch_tui.tui.configuration.form.codec`), empty when the file leaves it out;
    ``default`` is what holds then, in words. ``choices`` are texts. ``file`` is the file that holds a long text.
    ``known``: the schema describes it. ``hidden``: a secret in plain text, which is never shown. ``depends``: it is
    used with some choices of other fields only. ``language`` is that of a program's text, ``check`` the parser that
    reads it (the schema's ``x-check``).
    """

    path: FieldPath
    kind: Kind
    title: str
    description: str = ""
    required: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()
    types: Types = TEXT_ONLY
    secret: bool = False
    file: str | None = None
    known: bool = True
    section: str = ""
    text: str = ""
    hidden: bool = False
    depends: tuple[Condition, ...] = ()
    language: str = ""
    check: str = ""

    @property
    def key(self) -> str:
        """The path as messages have it: ``connection.host``."""
        return ".".join(safe_line(part, 100) for part in self.path) or "parameters"


def build_fields(
    schema: Mapping[str, Any], parameters: Mapping[str, Any], files: Mapping[FieldPath, str] | None = None
) -> tuple[Field, ...]:
    """The fields of a form: those of the schema in its order, then those that it does not know.

    ``files`` names the files that hold texts, by path. A shape of the schema or of a value that no simple field can
    show becomes a field of TOML text, so that nothing of the parameters is ever out of sight.
    """
    builder = _Builder(schema, files or {}, frozenset(secret_literals(schema, parameters)))
    root = resolve(schema, schema)
    if not specs(root.get("properties")) and root.get("additionalProperties", True) is not False:
        return (builder.toml((), root, parameters or None, True, False, ""),)
    return tuple(builder.object_fields(root, parameters, (), "", True))


class _Builder:
    def __init__(self, root: Spec, files: Mapping[FieldPath, str], literals: frozenset[FieldPath]) -> None:
        self._root = root
        self._files = files
        self._literals = literals

    def object_fields(
        self, spec: Spec, values: Mapping[str, Any], path: FieldPath, section: str, required: bool, depth: int = 0
    ) -> Iterator[Field]:
        properties = specs(spec.get("properties"))
        needed = spec.get("required")
        names = set(map(str, needed)) if isinstance(needed, list) and required else set()
        nested = []
        for name, raw in properties.items():
            made = list(self._fields((*path, name), raw, values.get(name), section, name in names, depth))
            # Nested tables come after the plain values, as in a TOML file.
            if len(made) == 1 and made[0].path == (*path, name):
                yield made[0]
            else:
                nested += made
        yield from nested
        known = isinstance(spec.get("additionalProperties"), Mapping) or bool(spec.get("patternProperties"))
        for name, value in values.items():
            if name not in properties:
                yield self.toml((*path, name), {}, value, known, False, section)

    def _fields(
        self, path: FieldPath, raw: Spec, value: Any, section: str, required: bool, depth: int
    ) -> Iterator[Field]:
        spec = resolve(raw, self._root)
        options = branches(spec, self._root)
        fitting = [option for option in options if value is None or self._fits(option, value)]
        chosen = fitting[0] if fitting else None
        if chosen is None or depth > 8:
            yield self.toml(path, spec, value, True, required, section)
        elif specs(chosen.get("properties")) and not (len(options) > 1 and value is None):
            title = _title(chosen, path, spec)
            inner_section = f"{section} › {title}" if section else title
            inner = value if isinstance(value, Mapping) else {}
            inner_required = required or bool(inner)
            yield from self.object_fields(chosen, inner, path, inner_section, inner_required, depth + 1)
        else:
            yield self._leaf(path, spec, options, chosen, value, section, required)

    def _fits(self, spec: Spec, value: Any) -> bool:
        kind = spec.get("type")
        if isinstance(value, Mapping):
            return kind == "object" or (kind is None and bool(specs(spec.get("properties"))))
        if isinstance(value, list):
            return kind == "array"
        types = _scalar_types(spec)
        return bool(types) and codec.fits_scalar(value, types) and (not isinstance(value, str) or kind != "object")

    def _leaf(
        self, path: FieldPath, spec: Spec, options: list[Spec], chosen: Spec, value: Any, section: str, required: bool
    ) -> Field:
        kind, types = self._kind(spec, options, chosen, value, path)
        if kind is Kind.TOML:
            return self.toml(path, spec, value, True, required, section)
        hidden = path in self._literals or any(found[: len(path)] == path for found in self._literals)
        text = "" if value is None or hidden else encode(kind, value, types, path)
        return Field(
            path=path,
            kind=kind,
            title=_title(spec, path),
            description=_text(spec, "description"),
            required=(required and "default" not in spec) or needed_if_used(spec),
            default=_default(kind, spec, types),
            choices=_choices(options, text) if kind is Kind.CHOICE else (),
            types=types,
            secret=any(is_marked(option) for option in (spec, *options)) or is_secret_name(path[-1]),
            file=self._files.get(path),
            section=section,
            text=text,
            hidden=hidden,
            depends=conditions(spec),
            language=_language(spec, options) if kind is Kind.LINES else "",
            check=_text(spec, "x-check"),
        )

    def _kind(self, spec: Spec, options: list[Spec], chosen: Spec, value: Any, path: FieldPath) -> tuple[Kind, Types]:
        types = frozenset().union(*(_scalar_types(option) for option in options))
        if chosen.get("type") == "array":
            item = resolve(chosen.get("items", {}), self._root)
            inner = _all_scalar(branches(item, self._root))
            simple = value is None or all(codec.fits_scalar(one, inner) for one in value)
            return (Kind.LIST, inner) if inner and simple else (Kind.TOML, inner)
        if chosen.get("type") == "object":
            extra = chosen.get("additionalProperties")
            inner = (
                _all_scalar(branches(resolve(extra, self._root), self._root))
                if isinstance(extra, Mapping)
                else TEXT_ONLY
            )
            simple = isinstance(extra, Mapping) and not specs(chosen.get("patternProperties"))
            if value is not None:
                simple = simple and all(codec.fits_scalar(one, inner) for one in value.values())
            return (Kind.MAP, inner) if inner and simple else (Kind.TOML, inner)
        if not types:
            return Kind.TOML, types
        if all(_is_choice(option) for option in options):
            return Kind.CHOICE, types
        if types == {codec.BOOLEAN}:
            plain = isinstance(spec.get("default"), bool) and (value is None or isinstance(value, bool))
            return (Kind.SWITCH if plain else Kind.CHOICE), types
        long = isinstance(value, str) and "\n" in value
        if codec.STRING in types and (long or path in self._files or _wants_lines(spec, options)):
            return Kind.LINES, types
        return Kind.LINE, types

    def toml(self, path: FieldPath, spec: Spec, value: Any, known: bool, required: bool, section: str) -> Field:
        """A field for a value of any shape."""
        hidden = any(found[: len(path)] == path for found in self._literals)
        text = "" if value is None or hidden else encode(Kind.TOML, value, TEXT_ONLY, path)
        title = _title(spec, path) if path else "Parameters"
        description = _text(spec, "description") or ("" if known else "The component does not know this parameter.")
        return Field(
            path=path,
            kind=Kind.TOML,
            title=title,
            description=description,
            required=required and "default" not in spec,
            default=_default(Kind.TOML, spec, TEXT_ONLY),
            known=known,
            section=section if known else "Not known to the schema",
            text=text,
            hidden=hidden,
            depends=conditions(spec),
        )


def encode(kind: Kind, value: Any, types: Types, path: FieldPath) -> str:
    """The text of a value in a field of this kind."""
    if kind is Kind.LIST:
        return codec.encode_list(list(value), types)
    if kind is Kind.MAP:
        return codec.encode_map(value, types)
    if kind is Kind.TOML:
        return codec.encode_toml(value, path[-1] if path else "parameters")
    if kind is Kind.LINES and isinstance(value, str):
        return value
    return codec.encode_scalar(value, types)


def decode(field: Field, text: str) -> Any:
    """The value of a text in this field; None when it is to be left out. Raises: FormatError."""
    if field.kind is Kind.LINES:
        return text if text or field.file else None
    if not text.strip():
        return None
    if field.kind is Kind.LIST:
        return codec.decode_list(text, field.types)
    if field.kind is Kind.MAP:
        return codec.decode_map(text, field.types)
    if field.kind is Kind.TOML:
        return codec.decode_toml(text, field.path[-1] if field.path else "parameters")
    return codec.decode_scalar(text, field.types)


_LANGUAGES = ("sql", "python", "shell", "code")


def _widgets(spec: Spec, options: list[Spec]) -> set[str]:
    return {str(option.get(key)) for option in (spec, *options) for key in ("x-widget", "format")}


def _wants_lines(spec: Spec, options: list[Spec]) -> bool:
    return bool(_widgets(spec, options) & {*_LANGUAGES, "text", "textarea", "editor", "multiline"})


def _language(spec: Spec, options: list[Spec]) -> str:
    return next((one for one in _LANGUAGES if one in _widgets(spec, options)), "")


def _scalar_types(spec: Spec) -> Types:
    if _is_choice(spec):
        return frozenset().union(*(_type_of(value) for value in _enum(spec)))
    kind = spec.get("type")
    known = (codec.STRING, codec.INTEGER, codec.NUMBER, codec.BOOLEAN)
    return frozenset((kind,)) if isinstance(kind, str) and kind in known else frozenset()


def _all_scalar(options: list[Spec]) -> Types:
    """The types of all branches; none when one of them is no scalar."""
    found = [_scalar_types(option) for option in options]
    return frozenset().union(*found) if all(found) else frozenset()


def _type_of(value: Any) -> Types:
    if isinstance(value, bool):
        return frozenset((codec.BOOLEAN,))
    if isinstance(value, int | float):
        return frozenset((codec.NUMBER,))
    return TEXT_ONLY


def _enum(spec: Spec) -> list[Any]:
    values = [spec["const"]] if "const" in spec else spec.get("enum", [])
    return [value for value in values if value is not None] if isinstance(values, list) else []


def _is_choice(spec: Spec) -> bool:
    values = _enum(spec)
    return bool(values) and all(isinstance(value, str | int | float) for value in values)


def _choices(options: list[Spec], current: str) -> tuple[str, ...]:
    texts = [codec.encode_scalar(value, _scalar_types(option)) for option in options for value in _enum(option)] or [
        "true",
        "false",
    ]
    if current and current not in texts:
        # A variable, or a value that is not allowed any more: still to be seen.
        texts.append(current)
    return tuple(dict.fromkeys(texts))


def _title(spec: Spec, path: FieldPath, outer: Spec | None = None) -> str:
    text = _text(outer or {}, "title") or _text(spec, "title")
    return safe_line(text or (path[-1].replace("_", " ").strip().capitalize() if path else "") or "(no name)", 60)


def _text(spec: Spec, key: str) -> str:
    value = spec.get(key)
    return safe_line(value) if isinstance(value, str) else ""


def _default(kind: Kind, spec: Spec, types: Types) -> str:
    """What holds when the field is empty, on one line; empty when there is no default worth a word."""
    value = spec.get("default")
    if value is None or value in ("", [], {}):
        return ""
    if kind is Kind.MAP and isinstance(value, Mapping):
        return safe_line(codec.encode_map(value, types), 60)
    if isinstance(value, list):
        return safe_line(", ".join(str(one) for one in value), 60)
    return safe_line(codec.encode_scalar(value, types) if isinstance(value, str | int | float) else str(value), 60)
