"""The models of the FastAPI peer."""

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, EmailStr, Field, PlainSerializer


def to_timestamp(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(to_timestamp, return_type=str)]


class Address(BaseModel):
    street: str = Field(min_length=1, max_length=200)
    city: str = Field(min_length=1, max_length=100)
    zipcode: str | None = Field(None, max_length=20)


class UserCreate(BaseModel):
    username: str = Field(min_length=2, max_length=50, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    email: EmailStr | None = None
    nickname: str = Field("", max_length=50)
    bio: str = Field("", max_length=2000)
    avatar_url: str | None = Field(None, pattern=r"^https?://", max_length=256)
    age: int | None = Field(None, ge=0, le=150)
    tags: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field([], max_length=50)
    address: Address | None = None
    is_active: bool = True
    role: Literal["guest", "author", "editor", "admin"] = "author"


class Login(BaseModel):
    username: str = Field(min_length=1, max_length=120)
    password: str = Field(min_length=1, max_length=128)
    remember: bool = False


class UserPublic(BaseModel):
    id: int
    username: str
    nickname: str
    bio: str
    avatar_url: str | None
    tags: list[str]
    created_at: Timestamp


class User(UserPublic):
    email: str | None
    age: int | None
    address: Address | None
    email_verified_at: Timestamp | None
    role: str
    permissions: int
    is_active: bool
    updated_at: Timestamp
    last_login_at: Timestamp | None


class Topic(BaseModel):
    id: int
    name: str
    slug: str


class Author(BaseModel):
    id: int
    username: str
    nickname: str
    avatar_url: str | None


class PostSummary(BaseModel):
    id: int
    title: str
    slug: str
    summary: str
    excerpt: str
    status: str
    author: Author | None
    category: Topic | None
    tags: list[Topic]
    reading_minutes: int
    view_count: int
    comment_count: int
    published_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp


class Post(PostSummary):
    content: str
    content_html: str


Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    total: int | None
    page: int | None
    size: int
    pages: int | None
    has_next: bool
    has_prev: bool
    next_cursor: str | None
