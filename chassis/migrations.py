"""Brings a service's database to its newest revision; revisions are plain SQL run by alembic."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

HERE = Path(__file__).parent


def upgrade(url: str, folder: Path) -> None:
    """Applies the revisions in `folder`/versions that are missing, each in one transaction."""
    command.upgrade(_config(url, folder), "head")


def newest(folder: Path) -> str:
    """The revision that `folder`/versions leads to."""
    return str(_scripts(folder).get_current_head())


def reaches(folder: Path, revision: str | None) -> bool:
    """Whether a database at `revision` has at least everything in `folder`/versions.

    A revision this release does not know is a later release's: revisions only add, so this release runs on it.
    """
    earlier = {each.revision for each in _scripts(folder).walk_revisions()} - {newest(folder)}
    return revision is not None and revision not in earlier


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config("", folder))


def _config(url: str, folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "alembic"))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["url"] = url
    return config


def apply(op: Any, name: str = "0001_delivery") -> None:
    """Runs one of the chassis's own scripts inside a service's revision."""
    op.execute(script(name))


def script(name: str) -> str:
    """A script of the chassis as SQLAlchemy's `text()` takes it: colons are no parameters there."""
    return (HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8").replace(":", r"\:")
