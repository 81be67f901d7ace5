"""Inputs whose validity depends on the state of the service, which a schema cannot say."""

import uuid

import schemathesis

# Longer heads are answered 431 by any operation, before the operation is known.
MAX_VALUE = 2000


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    query = case.query or {}
    for values in (headers, query):
        for name, value in list(values.items()):
            if isinstance(value, str) and len(value) > MAX_VALUE:
                values[name] = value[:MAX_VALUE]
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    # A cursor is an opaque string from an earlier page; any other is refused with 422.
    query.pop("cursor", None)
    for name in list(headers):
        # The tag of another version is refused with 412.
        if name.lower() == "if-match":
            headers.pop(name)
        # A key that belongs to another request is refused with 422.
        elif name.lower() == "idempotency-key":
            headers[name] = str(uuid.uuid4())
