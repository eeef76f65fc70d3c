"""Whether a revision of a database only adds, and whether it can run while the service works.

Squawk knows PostgreSQL's grammar and what its statements lock; what it lets pass and the code before would miss is told
by a few words. An exception is written where it is, with its reason: `-- squawk-ignore <rule>`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

POSTGRESQL = "15"
NOT_ASKED = {
    "require-lock-timeout": "chassis.migrations sets it",
    "require-statement-timeout": "chassis.migrations sets it",
    "require-timeout-settings": "chassis.migrations sets them",
    "prefer-robust-stmts": "each revision is one transaction: nothing is half done",
    "prefer-bigint-over-int": "a sequence within one case is small",
    "prefer-bigint-over-smallint": "a version is small",
    "prefer-text-field": "the only such field is alembic's own",
}
TAKES_AWAY = re.compile(r"(?:delete\s+from|truncate|drop\s+(?:trigger|rule))\b", re.I)
COMMENTS = re.compile(r"--[^\n]*")


def objections(sql: str) -> list[str]:
    """One line for everything in a script of revisions that takes away, obliges the code before, or locks too long."""
    return sorted({*_squawk(sql), *_words(sql)})


def _squawk(sql: str) -> list[str]:
    program = str(Path(sys.executable).with_name("squawk"))
    command = [program, "--reporter", "json", "--pg-version", POSTGRESQL, "--exclude", ",".join(NOT_ASKED)]
    done = subprocess.run(
        [*command, "--stdin-filepath", "revisions.sql"], input=sql, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1) or not done.stdout.startswith("["):
        raise RuntimeError(f"squawk failed: {done.stderr.strip() or done.stdout.strip()}")
    return [f"{_line(sql, each['line'])}: {each['rule_name']}: {each['message']}" for each in json.loads(done.stdout)]


def _line(sql: str, number: int) -> str:
    return sql.splitlines()[number].strip().rstrip(",;")


def _words(sql: str) -> list[str]:
    statements = (" ".join(COMMENTS.sub("", each).split()) for each in sql.split(";"))
    return [f"{each[:80]}: takes away" for each in statements if TAKES_AWAY.match(each)]
