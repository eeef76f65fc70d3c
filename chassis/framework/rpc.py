"""Questions that other services ask over the broker."""

import time
from typing import Any

from kombu.exceptions import OperationalError
from nameko.rpc import Rpc as NamekoRpc

from chassis import logs, metrics
from chassis.delivery.broker import LOST

log = logs.get(__name__)


class Rpc(NamekoRpc):
    """`@Rpc.decorator(expected_exceptions=DomainError)`: answers a question with what the method returns.

    An answer that can't be sent is dropped: the caller has its own deadline. Nameko's Rpc would end the whole service.
    """

    def handle_message(self, body: Any, message: Any) -> None:
        message.arrived = time.perf_counter()
        super().handle_message(body, message)

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        metrics.RPC_SECONDS.labels(self.method_name, self._outcome(exc_info)).observe(
            time.perf_counter() - message.arrived
        )
        try:
            answered: tuple[Any, Any] = super().handle_result(message, worker_ctx, result, exc_info)
        except (OperationalError, *LOST) as error:
            log.warning("answer not sent", method=self.method_name, error=type(error).__name__)
            return result, exc_info
        return answered

    def _outcome(self, exc_info: Any) -> str:
        if exc_info is None:
            return "answered"
        return "refused" if isinstance(exc_info[1], self.expected_exceptions) else "failed"
