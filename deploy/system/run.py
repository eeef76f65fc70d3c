"""`make run`: the system in the foreground until Ctrl-C; what dies is started again, with a line that says so."""

import os
import sys
import time

from deploy.machine import ports
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.system import lan
from deploy.system.processes import Process
from deploy.system.running import Running, running, say

LOOK_EVERY = 0.5
PROFILES = ("dev", "demo")


def main() -> int:
    """Runs until interrupted; exit code 1 and one sentence when it cannot."""
    try:
        with running(Folder(), profile=_profile(), port=ports.given("HTTP_PORT"), say=say, lan=_lan()) as now:
            _announce(now)
            _keep(now)
    except KeyboardInterrupt:
        pass
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _keep(now: Running) -> None:
    backoff: dict[str, float] = {}
    while True:
        time.sleep(LOOK_EVERY)
        for name in now.servers.restart_dead():
            say(f"{name} had ended; started it again")
        for process in now.system.processes.dead():
            _again(process, backoff)


def _again(process: Process, backoff: dict[str, float]) -> None:
    if time.monotonic() < backoff.get(process.name, 0.0):
        return
    backoff[process.name] = time.monotonic() + 5.0
    say(f"{process.name} had ended with code {process.code}; started it again ({process.child.log})")
    process.launch()


def _announce(now: Running) -> None:
    folder = now.system.folder.path
    say(f"\n  {now.system.url}   make token ROLE=centre UNIT=CENTRE gives a token")
    for service in now.system.environment.databases:
        say(f"  {now.system.api(service)}")
    say(f"  logs in {folder}/logs, SMS in {folder}/sms.jsonl, letters in {folder}/letters")
    if outside := now.system.folder.outside():
        say(f"  the servers' data are in {outside}, because {folder} is closed to the user they run as")
    if address := now.system.origin.lan:
        page = f"http://{address}:{now.system.origin.port}/"
        say(f"\n{lan.code(page)}\n  {page}   the letter form, for telephones in this network")
        say("  everybody in this network can open everything here, as any officer too")
    say("  Ctrl-C stops everything\n")


def _profile() -> str:
    profile = os.environ.get("PROFILE", "dev")
    if profile not in PROFILES:
        raise Trouble(f"PROFILE={profile} cannot run here: this machine's issuer is for development; use dev or demo.")
    return profile


def _lan() -> str | None:
    return lan.address() if os.environ.get("LAN") == "1" else None


if __name__ == "__main__":
    sys.exit(main())
