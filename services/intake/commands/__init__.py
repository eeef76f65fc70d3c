"""What can be asked of intake, and how it reads the events of other services."""

from services.intake.commands.projection import SUBSCRIPTION as SUBSCRIPTION
