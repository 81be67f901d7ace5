"""The SQL that all peers share, by the name of its file."""

from pathlib import Path

STATEMENTS = {
    path.stem: path.read_text()
    for path in (Path(__file__).parent.parent / "statements").glob("*.sql")
}
