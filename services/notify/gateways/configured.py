"""The gateway that the settings name."""

from chassis.settings import required
from services.notify.domain.gateway import Gateway
from services.notify.gateways.file import FileLedger
from services.notify.gateways.http import HttpGateway, Spread
from services.notify.settings import Settings


def gateway_of(settings: Settings, spread: Spread = map) -> Gateway:
    """The gateway; `spread` maps the HTTP calls of a batch, concurrently if it can. Raises SettingsError."""
    if settings.gateway == "file":
        return FileLedger(settings.sms_ledger)
    required(settings, "gateway_url")
    return HttpGateway(
        url=settings.gateway_url,
        lookup_url=settings.gateway_lookup_url,
        token=settings.gateway_token,
        read_seconds=settings.gateway_seconds,
        remembers_keys=settings.gateway_remembers_keys,
        spread=spread,
    )
