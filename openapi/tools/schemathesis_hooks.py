"""Inputs that a schema cannot describe, or that Schemathesis cannot build from it."""

import unicodedata
import uuid
from urllib.parse import quote

import schemathesis

# Longer heads are answered 431 by any operation, before the operation is known.
MAX_VALUE = 2000


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Schemathesis cannot build values for the pattern of texts with a visible character."""
    simplify(raw_schema)


def simplify(schema):
    if isinstance(schema, dict):
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and r"\p{Cf}" in pattern:
            may_be_empty = pattern.startswith("^$|")
            schema["pattern"] = "^[!-~]*$" if may_be_empty else r"[^\p{C}\p{Z}\p{M}]"
        # Its \p{C} lacks the code points that are not assigned.
        elif pattern == r"^https?://[^\p{C}\p{Z}]+$":
            schema["pattern"] = "^https?://[!-~]+$"
        for value in schema.values():
            simplify(value)
    elif isinstance(schema, list):
        for value in schema:
            simplify(value)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.label == "GET /api/v1/events":
        end_stream(case)
    headers = case.headers or {}
    query = case.query or {}
    for values in (headers, query):
        for name, value in list(values.items()):
            if isinstance(value, str) and len(quote(value)) > MAX_VALUE:
                values[name] = "0" * min(len(value), MAX_VALUE)
    # The tag of another version is refused with 412.
    for name in [name for name in headers if name.lower() == "if-match"]:
        headers.pop(name)
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    # A cursor is an opaque string from an earlier page; any other is refused with 422.
    query.pop("cursor", None)
    # A key that belongs to another request is refused with 422.
    for name in [name for name in headers if name.lower() == "idempotency-key"]:
        headers[name] = str(uuid.uuid4())
    case.body = visible(case.body)


def end_stream(case):
    """A stream ends by itself only with `max_seconds`; a value that is invalid stays."""
    query = case.query = dict(case.query or {})
    value = query.get("max_seconds", 0)
    if isinstance(value, list) and value:
        value = value[-1]
    try:
        is_long = 0 <= float(value) <= 86_400
    except (TypeError, ValueError):
        return
    if is_long:
        query["max_seconds"] = 0


def visible(value):
    """Returns the value with texts that the original patterns accept.

    The simplified ones allow U+0000, and texts of code points that are not assigned.
    """
    if isinstance(value, str):
        text = value.replace("\0", "")
        is_blank = all(unicodedata.category(each)[0] in "CZM" for each in text)
        return "a" if text and is_blank else text
    if isinstance(value, list):
        return [visible(each) for each in value]
    if isinstance(value, dict):
        return {name: visible(each) for name, each in value.items()}
    return value
