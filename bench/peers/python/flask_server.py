"""Flask with a psycopg 3 pool; gunicorn runs it with threads."""

import atexit
import base64
import hashlib
import json
import os
import uuid
from datetime import UTC, datetime, timedelta

import jwt
import psycopg
from flask import Flask, Response, abort, request
from models import Login, UserCreate
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from pydantic import ValidationError
from statements import STATEMENTS
from totals import pages_of, total_of

SECRET = os.environ["JWT_SECRET"]
SIZE = 10
AUTHOR = 7
ADMIN = 128
SESSION = timedelta(days=90)
PUBLIC = ("id", "username", "nickname", "bio", "avatar_url", "tags", "created_at")
NOT_IN_SUMMARY = {"author_id", "category_id", "version", "sort_key"}


def configure(connection: psycopg.Connection) -> None:
    connection.prepare_threshold = 0


# Statements have $1 as in PostgreSQL, which raw cursors take.
pool = ConnectionPool(
    os.environ["DATABASE_URL"],
    min_size=2,
    max_size=10,
    kwargs={
        "autocommit": True,
        "row_factory": dict_row,
        "cursor_factory": psycopg.RawCursor,
    },
    configure=configure,
    open=True,
)
atexit.register(pool.close)

app = Flask(__name__)


def fetch(name: str, *values: object, connection: psycopg.Connection | None = None) -> list[dict]:
    if connection is not None:
        return connection.execute(STATEMENTS[name], values).fetchall()
    with pool.connection() as own:
        return own.execute(STATEMENTS[name], values).fetchall()


def to_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(type(value))


def answer(value: object, status: int = 200) -> Response:
    body = json.dumps(value, default=to_json, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, mimetype="application/json")


def tagged(value: object) -> Response:
    """Returns the JSON with an entity tag, or 304 if the client has it."""
    response = answer(value)
    response.set_etag(hashlib.sha1(response.data, usedforsecurity=False).hexdigest())
    return response.make_conditional(request)


def identify() -> dict | None:
    """Returns the user of the bearer token; a request without a token is anonymous."""
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return None
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            SECRET,
            algorithms=["HS256"],
            audience="althing",
            issuer="althing",
        )
    except jwt.InvalidTokenError:
        abort(401)
    now = datetime.now(UTC)
    users = fetch("bearer", claims["sid"], "token", now, now - SESSION, int(claims["sub"]))
    if not users or not users[0]["is_active"] or users[0]["session_id"] is None:
        abort(401)
    return users[0]


def encode(*cursor: str | int) -> str:
    text = json.dumps(cursor, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(cursor: str) -> list[str | int]:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


@app.get("/health")
def health() -> Response:
    return answer({"status": "healthy"})


def public(user: dict) -> dict:
    return {name: user[name] for name in PUBLIC}


@app.get("/api/v1/users/<int:id>")
def read_user(id: int) -> Response:
    identify()
    users = fetch("user", id, True)
    return answer(public(users[0])) if users else abort(404)


@app.get("/api/v1/users")
def list_users() -> Response:
    cursor = request.args.get("cursor")
    page = request.args.get("page", 1, int)
    total = None
    if cursor:
        rows = fetch("users-after", True, decode(cursor)[2])
    else:
        rows = fetch("users-page", True, (page - 1) * SIZE)
        total = total_of(fetch("users-count", True)[0]["count"])
    last = rows[SIZE - 1]["id"] if len(rows) > SIZE else None
    return answer(
        {
            "items": [public(row) for row in rows[:SIZE]],
            "total": total,
            "page": None if cursor else page,
            "size": SIZE,
            "pages": pages_of(total, SIZE),
            "has_next": last is not None,
            "has_prev": bool(cursor) or page > 1,
            "next_cursor": last and encode("id", last, last),
        }
    )


def insert(connection: psycopg.Connection, user: UserCreate) -> dict:
    [created] = fetch(
        "user-insert",
        user.username,
        user.email,
        user.nickname,
        user.bio,
        user.avatar_url,
        user.age,
        user.tags,
        user.address and Jsonb(user.address.model_dump()),
        user.is_active,
        user.username.lower(),
        user.email and user.email.lower(),
        user.nickname.lower(),
        AUTHOR,
        connection=connection,
    )
    del created["version"]
    return created


@app.post("/api/v1/users")
def create_user() -> Response:
    viewer = identify()
    if viewer is None or not viewer["permissions"] & ADMIN:
        abort(401)
    user = UserCreate.model_validate_json(request.data)
    with pool.connection() as connection, connection.transaction():
        created = insert(connection, user)
        fetch(
            "audit-insert",
            datetime.now(UTC),
            viewer["user_id"],
            "token",
            "user.create",
            "user",
            str(created["id"]),
            request.remote_addr,
            str(uuid.uuid4()),
            None,
            Jsonb(user.model_dump()),
            connection=connection,
        )
    return answer(created, 201)


@app.post("/bare/users")
def insert_user() -> Response:
    user = UserCreate.model_validate_json(request.data)
    with pool.connection() as connection:
        return answer(insert(connection, user), 201)


@app.post("/api/v1/auth/login")
def login() -> Response:
    Login.model_validate_json(request.data)
    return answer({})


@app.get("/api/v1/posts")
def list_posts() -> Response:
    page = request.args.get("page", 1, int)
    rows = fetch("posts-page", (page - 1) * SIZE, 0)
    total = total_of(fetch("posts-count")[0]["count"])
    last = rows[SIZE - 1] if len(rows) > SIZE else None
    return tagged(
        {
            "items": [summary(row) for row in rows[:SIZE]],
            "total": total,
            "page": page,
            "size": SIZE,
            "pages": pages_of(total, SIZE),
            "has_next": last is not None,
            "has_prev": page > 1,
            "next_cursor": last and encode("-listed_at", to_json(last["sort_key"]), last["id"]),
        }
    )


def summary(post: dict) -> dict:
    return {name: value for name, value in post.items() if name not in NOT_IN_SUMMARY}


@app.get("/api/v1/posts/slug/<slug>")
def read_post(slug: str) -> Response:
    rows = fetch("post-by-slug", slug)
    return tagged(summary(rows[0])) if rows else abort(404)


@app.errorhandler(ValidationError)
def refuse(error: ValidationError) -> Response:
    return answer({"detail": error.errors(include_url=False, include_context=False)}, 422)
