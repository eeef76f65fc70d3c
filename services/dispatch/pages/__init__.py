"""Dispatch's pages by area: the desk and its cases, the wall, the public directory."""

from services.dispatch.pages import case, desk, directory, wall

BLUEPRINTS = (desk.blueprint, case.blueprint, wall.blueprint, directory.blueprint)
