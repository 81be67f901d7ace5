"""FastAPI with asyncpg; uvicorn runs it with uvloop and httptools."""

import base64
import hashlib
import json
import os
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import asyncpg
import jwt
from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi_database import create_pool
from models import Login, Page, Post, PostSummary, User, UserCreate, UserPublic, to_timestamp
from pydantic import BaseModel
from statements import STATEMENTS
from totals import pages_of, total_of

SECRET = os.environ["JWT_SECRET"]
SIZE = 10
AUTHOR = 7
ADMIN = 128
SESSION = timedelta(days=90)


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with create_pool() as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def pool_of(request: Request) -> asyncpg.Pool:
    return request.app.state.pool


Pool = Annotated[asyncpg.Pool, Depends(pool_of)]


async def identify(request: Request, pool: Pool) -> asyncpg.Record | None:
    """Returns the user of the bearer token; a request without a token is anonymous."""
    authorization = request.headers.get("authorization")
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
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Not authenticated") from error
    now = datetime.now(UTC)
    user = await pool.fetchrow(
        STATEMENTS["bearer"], claims["sid"], "token", now, now - SESSION, int(claims["sub"])
    )
    if user is None or not user["is_active"] or user["session_id"] is None:
        raise HTTPException(401, "Not authenticated")
    return user


Viewer = Annotated[asyncpg.Record | None, Depends(identify)]


async def administrator(viewer: Viewer) -> asyncpg.Record:
    if viewer is None or not viewer["permissions"] & ADMIN:
        raise HTTPException(401, "Not authenticated")
    return viewer


def encode(*cursor: str | int) -> str:
    text = json.dumps(cursor, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(cursor: str) -> list[str | int]:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/api/v1/users/{id}")
async def read_user(id: Annotated[int, Path(ge=1)], pool: Pool, _: Viewer) -> UserPublic:
    user = await pool.fetchrow(STATEMENTS["user"], id, True)
    if user is None:
        raise HTTPException(404, "Not Found")
    return UserPublic.model_validate(dict(user))


@app.get("/api/v1/users")
async def list_users(
    pool: Pool,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    cursor: Annotated[str | None, Query(max_length=2048)] = None,
) -> Page[UserPublic]:
    if cursor:
        total = None
        rows = await pool.fetch(STATEMENTS["users-after"], True, decode(cursor)[2])
    else:
        rows = await pool.fetch(STATEMENTS["users-page"], True, (page - 1) * SIZE)
        total = total_of(await pool.fetchval(STATEMENTS["users-count"], True))
    has_next = len(rows) > SIZE
    last = rows[SIZE - 1]["id"] if has_next else None
    return Page[UserPublic](
        items=[dict(row) for row in rows[:SIZE]],
        total=total,
        page=None if cursor else page,
        size=SIZE,
        pages=pages_of(total, SIZE),
        has_next=has_next,
        has_prev=bool(cursor) or page > 1,
        next_cursor=encode("id", last, last) if has_next else None,
    )


async def insert(connection: asyncpg.Pool | asyncpg.Connection, user: UserCreate) -> User:
    row = await connection.fetchrow(
        STATEMENTS["user-insert"],
        user.username,
        user.email,
        user.nickname,
        user.bio,
        user.avatar_url,
        user.age,
        user.tags,
        user.address and user.address.model_dump(),
        user.is_active,
        user.username.lower(),
        user.email and user.email.lower(),
        user.nickname.lower(),
        AUTHOR,
    )
    return User.model_validate(dict(row))


@app.post("/api/v1/users", status_code=201)
async def create_user(
    request: Request,
    viewer: Annotated[asyncpg.Record, Depends(administrator)],
    user: UserCreate,
    pool: Pool,
) -> User:
    async with pool.acquire() as connection, connection.transaction():
        created = await insert(connection, user)
        await connection.fetchval(
            STATEMENTS["audit-insert"],
            datetime.now(UTC),
            viewer["user_id"],
            "token",
            "user.create",
            "user",
            str(created.id),
            request.client and request.client.host,
            str(uuid.uuid4()),
            None,
            user.model_dump(),
        )
        return created


@app.post("/bare/users", status_code=201)
async def insert_user(user: UserCreate, pool: Pool) -> User:
    return await insert(pool, user)


@app.post("/api/v1/auth/login")
async def login(_: Login) -> dict[str, str]:
    return {}


@app.get("/api/v1/posts", response_model=Page[PostSummary])
async def list_posts(
    request: Request, pool: Pool, page: Annotated[int, Query(ge=1, le=1_000_000)] = 1
) -> Response:
    rows = await pool.fetch(STATEMENTS["posts-page"], (page - 1) * SIZE, 0)
    total = total_of(await pool.fetchval(STATEMENTS["posts-count"]))
    has_next = len(rows) > SIZE
    last = rows[SIZE - 1] if has_next else None
    return tagged(
        request,
        Page[PostSummary](
            items=[dict(row) for row in rows[:SIZE]],
            total=total,
            page=page,
            size=SIZE,
            pages=pages_of(total, SIZE),
            has_next=has_next,
            has_prev=page > 1,
            next_cursor=last
            and encode("-listed_at", to_timestamp(last["sort_key"]), last["id"]),
        ),
    )


@app.get("/api/v1/posts/slug/{slug}", response_model=Post)
async def read_post(request: Request, slug: str, pool: Pool) -> Response:
    row = await pool.fetchrow(STATEMENTS["post-by-slug"], slug)
    if row is None:
        raise HTTPException(404, "Not Found")
    return tagged(request, Post.model_validate(dict(row)))


def tagged(request: Request, value: BaseModel) -> Response:
    """Returns the JSON with an entity tag, or 304 if the client has it."""
    body = value.model_dump_json().encode()
    tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, media_type="application/json", headers={"etag": tag})
