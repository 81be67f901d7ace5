"""A FastAPI service with the operations of a JSON file: `service.py <file> <port>`.

The models are made of the same JSON Schemas as Althing's validators.
"""

import datetime
import enum
import inspect
import ipaddress
import json
import logging
import sys
import uuid
from typing import Annotated, Any, Literal, Optional, Union

import pydantic
import uvicorn
from fastapi import Body, Cookie, FastAPI, File, Form, Header, Path, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, create_model

FORMATS = {
    "date": datetime.date,
    "date-time": datetime.datetime,
    "time": datetime.time,
    "duration": datetime.timedelta,
    "uuid": uuid.UUID,
    "uuid1": pydantic.UUID1,
    "uuid3": pydantic.UUID3,
    "uuid4": pydantic.UUID4,
    "uuid5": pydantic.UUID5,
    "email": pydantic.EmailStr,
    "uri": pydantic.AnyUrl,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "ipvanyaddress": pydantic.IPvAnyAddress,
}

LIMITS = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
}


class Types:
    """The Python types of JSON Schemas, with named schemas as classes."""

    def __init__(self, schemas):
        self.schemas = schemas
        self.classes = {}

    def of(self, schema, files=False):
        if "$ref" in schema:
            return self.named(schema["$ref"].rsplit("/", 1)[1])
        if "anyOf" in schema or "oneOf" in schema:
            return self.union(schema)
        if "const" in schema:
            return Literal[schema["const"]]
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        base = self.plain(schema, files)
        # FastAPI gives a URL and a tuple limits that are no constraints of theirs.
        if schema.get("format") in FORMATS and schema.get("format") != "email":
            return base
        if "prefixItems" in schema:
            return base
        limits = {LIMITS[key]: value for key, value in schema.items() if key in LIMITS}
        return Annotated[base, Field(**limits)] if limits else base

    def named(self, name):
        if name not in self.classes:
            schema = self.schemas[name]
            if "enum" in schema:
                members = {f"m{index}": value for index, value in enumerate(schema["enum"])}
                kind = {"integer": enum.IntEnum, "string": str}.get(schema.get("type"))
                self.classes[name] = (
                    enum.IntEnum(name, members)
                    if kind is enum.IntEnum
                    else enum.Enum(name, members, type=str)
                )
            else:
                # A class may refer to itself while it is made.
                self.classes[name] = name
                self.classes[name] = self.model(name, schema)
        return self.classes[name]

    def model(self, name, schema, is_header=False):
        required = schema.get("required", [])
        fields = {}
        for key, property_ in schema["properties"].items():
            kind = self.of(property_)
            if key in required:
                default = ...
            elif "default" in property_:
                default = property_["default"]
            else:
                default = None
            python_name = key.replace("-", "_")
            if not python_name.isidentifier():
                python_name = f"f_{len(fields)}"
            # FastAPI finds the header by the name of the field.
            alias = None if is_header else key
            fields[python_name] = (kind, Field(default, alias=alias))
        extra = {False: "forbid", True: "allow"}.get(schema.get("additionalProperties"), "ignore")
        return create_model(name, __config__=ConfigDict(extra=extra), **fields)

    def union(self, schema):
        members = schema.get("anyOf") or schema["oneOf"]
        types = [self.of(member) for member in members if member.get("type") != "null"]
        union = Union[tuple(types)]
        if "discriminator" in schema:
            tag = schema["discriminator"]["propertyName"]
            union = Annotated[union, Field(discriminator=tag)]
        return Optional[union] if len(types) < len(members) else union

    def plain(self, schema, files):
        kind = schema.get("type")
        if kind == "string":
            if schema.get("format") == "binary":
                return UploadFile if files else bytes
            if schema.get("format") == "uri" and schema.get("maxLength") == 2083:
                return pydantic.HttpUrl
            return FORMATS.get(schema.get("format"), str)
        if kind == "array":
            if "prefixItems" in schema:
                return tuple[tuple(self.of(item) for item in schema["prefixItems"])]
            item = self.of(schema["items"], files)
            return set[item] if schema.get("uniqueItems") else list[item]
        if kind == "object":
            return dict[str, self.of(schema.get("additionalProperties", {}))]
        return {"integer": int, "number": float, "boolean": bool, "null": None, None: Any}[kind]


PLACES = {"path": Path, "query": Query, "header": Header, "cookie": Cookie}


def default_of(schema, required):
    return inspect.Parameter.empty if required else schema.get("default")


def plain(value):
    """A value as it came, without fields that were neither sent nor have a default."""
    if isinstance(value, BaseModel):
        out = {}
        for name, field in type(value).model_fields.items():
            item = getattr(value, name)
            if name in value.model_fields_set or item is not None:
                out[field.alias or name.replace("_", "-")] = plain(item)
        for name, item in (value.model_extra or {}).items():
            out[name] = plain(item)
        return out
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if hasattr(value, "filename") and hasattr(value, "file"):
        return {"filename": value.filename, "size": value.size}
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def handler_of(operation, types):
    parameters = []
    names = {}

    def add(alias, kind, default):
        name = f"p_{len(parameters)}"
        names[name] = alias
        parameters.append(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default
            )
        )

    for place, model in operation["models"].items():
        group = [each for each in operation["parameters"] if each["in"] == place]
        schema = {
            "properties": {each["name"]: each["schema"] for each in group},
            "required": [each["name"] for each in group if each.get("required")],
            **({"additionalProperties": False} if model else {}),
        }
        kind = types.model(f"{place.capitalize()}Model", schema, is_header=place == "header")
        add("*", Annotated[kind, PLACES[place]()], inspect.Parameter.empty)
    for each in operation["parameters"]:
        if each["in"] in operation["models"]:
            continue
        default = default_of(each["schema"], each.get("required", False))
        kind = types.of(each["schema"])
        add(each["name"], Annotated[kind, PLACES[each["in"]](alias=each["name"])], default)

    body = operation.get("body")
    if body is not None:
        schema, mode = body["schema"], body["mode"]
        if mode == "model":
            kind = types.of(schema)
            default = inspect.Parameter.empty if body["required"] else None
            add("body", Annotated[kind, Body()], default)
        elif mode == "form-model":
            add("body", Annotated[types.of(schema), Form()], inspect.Parameter.empty)
        else:
            target = types.schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
            required = target.get("required", [])
            for key, property_ in target["properties"].items():
                source = Body if mode == "embed" else Form
                if "binary" in json.dumps(property_):
                    source = File
                default = default_of(property_, key in required)
                kind = types.of(property_, files=True)
                options = {"alias": key, **({"embed": True} if mode == "embed" else {})}
                add(f"body.{key}", Annotated[kind, source(**options)], default)

    async def handler(**given):
        if operation.get("silent"):
            return True
        values, content = {}, {}
        for name, value in given.items():
            alias = names[name]
            if alias == "*":
                values.update(plain(value))
            elif alias == "body":
                content = plain(value)
            elif alias.startswith("body."):
                if value is not None:
                    content[alias[5:]] = plain(value)
            elif value is not None:
                values[alias] = plain(value)
        return values if body is None else content

    handler.__signature__ = inspect.Signature(parameters)
    return handler


def build(spec):
    app = FastAPI()
    types = Types(spec["schemas"])
    for operation in spec["operations"]:
        app.add_api_route(
            operation["path"],
            handler_of(operation, types),
            methods=[operation["method"]],
            response_model=None,
        )
    return app


if __name__ == "__main__":
    # Broken forms are expected.
    logging.disable(logging.WARNING)
    with open(sys.argv[1], encoding="utf-8") as file:
        service = build(json.load(file))
    uvicorn.run(service, host="127.0.0.1", port=int(sys.argv[2]), log_level="critical")
