"""The total of a list: exact up to a limit, beyond which it is not counted."""

MAX_TOTAL = 10_000


def total_of(count: int) -> int | None:
    return None if count > MAX_TOTAL else count


def pages_of(total: int | None, size: int) -> int | None:
    return None if total is None else -(-total // size)
