"""The pool of the FastAPI peer."""

import json
import os
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

async def set_codecs(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )


def create_pool() -> asyncpg.Pool:
    """asyncpg prepares each statement once per connection by itself."""
    url = urlsplit(os.environ["DATABASE_URL"])
    host = parse_qs(url.query).get("host", [url.hostname])[0]
    return asyncpg.create_pool(
        host=host,
        port=url.port or 5432,
        user=unquote(url.username or ""),
        password=unquote(url.password) if url.password else None,
        database=url.path[1:],
        ssl=False,
        min_size=2,
        max_size=10,
        init=set_codecs,
    )
