"""What can be asked of intake, and how it reads the others' events."""

from services.intake.commands.cases import SUBSCRIPTION as SUBSCRIPTION
