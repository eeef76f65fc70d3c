"""Dispatch's pages by area: the desk and its cases, the wall, the public directory."""

from services.dispatch.pages import case, directory

BLUEPRINTS = (case.blueprint, directory.blueprint)
