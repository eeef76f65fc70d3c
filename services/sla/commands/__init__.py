"""What can be asked of sla, and how it reads the others' events."""

from services.sla.commands.cases import SUBSCRIPTION as SUBSCRIPTION
