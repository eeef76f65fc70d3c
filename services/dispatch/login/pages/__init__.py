"""The pages of the login, one module per page; they share one blueprint."""

from services.dispatch.login.pages import account, login, provider, role, second_factor, session
from services.dispatch.login.pages.blueprint import blueprint

__all__ = ["account", "blueprint", "login", "provider", "role", "second_factor", "session"]
