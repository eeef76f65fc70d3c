"""The services, each in a folder of its own. None imports another."""

SERVICES = ("intake", "dispatch", "sla", "notify")
"""Their names, in the order in which a case meets them."""
