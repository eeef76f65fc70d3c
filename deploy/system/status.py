"""`make status`: how the four services of a running system stand, on one screen; exit code 1: a person is needed."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from chassis.operating.verdicts import ACT, Line, screen, worst
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.system.environment import Environment
from services import SERVICES

PATIENCE = 30.0
README = "docs/runbooks/README.md"


def main() -> int:
    """Asks all services side by side. With JSON=1 prints one JSON object a service instead of the screen."""
    try:
        environment = Environment.kept(Folder())
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    answers = ask(environment)
    if os.environ.get("JSON"):
        print("\n".join(answers.values()))
    else:
        print(screen([(service, read(answer)) for service, answer in answers.items()]))
    return int(worst([line.verdict for answer in answers.values() for line in read(answer)]) == ACT)


def ask(environment: Environment) -> dict[str, str]:
    """What `status --json` of each service prints; what kept it from printing anything stands for it."""
    asked = {service: _start(environment, service) for service in SERVICES}
    return {service: _answer(process) for service, process in asked.items()}


def _start(environment: Environment, service: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", f"services.{service}", "status", "--json"],
        env=environment.of(service),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _answer(process: "subprocess.Popen[str]") -> str:
    try:
        printed, trouble = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        printed, trouble = "", f"no answer in {PATIENCE:.0f} s"
    return next((line for line in printed.splitlines() if line.startswith('{"service"')), trouble.strip())


def read(answer: str) -> Sequence[Line]:
    """The lines of one service; one line where it could not say how it stands."""
    try:
        return [Line(**line) for line in json.loads(answer)["lines"]]
    except (ValueError, KeyError, TypeError):
        return [Line("status", (answer.splitlines() or ["no answer"])[-1], ACT, README)]


if __name__ == "__main__":
    sys.exit(main())
