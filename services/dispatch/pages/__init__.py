"""Dispatch's pages by area: the desk and its cases, the wall, the public directory."""

from services.dispatch.pages import case, deciding, desk, directory, wall, working

BLUEPRINTS = (desk.blueprint, case.blueprint, wall.blueprint, directory.blueprint)
"""`deciding` and `working` hold the commands of `case`."""
__all__ = ["BLUEPRINTS", "deciding", "working"]
