"""`make dashboards`: writes k8s/components/dashboards/ from the boards."""

from pathlib import Path

from deploy.grafana import render
from deploy.grafana.boards import BOARDS
from deploy.grafana.questions import FOLDER


def files() -> dict[Path, str]:
    """Every dashboard's file and what must be in it."""
    return {FOLDER / f"{board.uid}.json": render.text(board) for board in BOARDS}


def main() -> None:
    """Write them all; what is no board's goes."""
    FOLDER.mkdir(exist_ok=True)
    wanted = files()
    for path in set(FOLDER.glob("*.json")) - set(wanted):
        path.unlink()
    for path, content in wanted.items():
        path.write_text(content, encoding="utf-8")
        print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    main()
