"""One JSON object per line on stdout, the same for our code and for every library we run on.

Known refusals (DomainError) are logged by their code, never with a stack trace. As a last line of defence, in the
finished line telephone and identity-card numbers are masked, and PostgreSQL's DETAIL and LINE, which quote rows, cut.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from chassis.errors import DomainError
from chassis.masking import mask_numbers

_Event = MutableMapping[str, Any]
_QUOTED = re.compile(r'(DETAIL:|LINE [0-9]+:)(?:[^"\\]|\\[^n])*')
_process: dict[str, str] = {}


def configure(service: str, process: str, level: str = "info") -> None:
    """Set up logging of this process; `service` and `process` stand on every line. May be called again."""
    _process.update(service=service, process=process)
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Redacting(processors=_FINAL, foreign_pre_chain=_SHARED))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    adopt()


def adopt() -> None:
    """Take over loggers that a library gave handlers of its own: call again after gunicorn has set up its own."""
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger: `log.info("case accepted", number=number)`: a fixed sentence, then facts by name.

    The name `event` is taken by structlog for the sentence: say `event_id`.
    """
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def bind(**facts: Any) -> None:
    """Put facts on every line of this request or event, until `unbind`."""
    structlog.contextvars.bind_contextvars(**facts)


def unbind(*names: str) -> None:
    structlog.contextvars.unbind_contextvars(*names)


@contextmanager
def bound(**facts: Any) -> Iterator[None]:
    """`bind` for the length of a block."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


class _Redacting(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return mask_numbers(_QUOTED.sub(r"\1 …", super().format(record)))


def _name_process(_: Any, __: str, event: _Event) -> _Event:
    return {**event, **_process}


def _refusal_without_trace(_: Any, __: str, event: _Event) -> _Event:
    error = event.get("exc_info")
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, DomainError):
        del event["exc_info"]
        event["refused"] = error.code
    return event


_CHATTY = ("amqp", "kombu", "urllib3", "alembic.runtime.migration", "fontTools", "weasyprint")
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.stdlib.ExtraAdder(),
    _name_process,
    _refusal_without_trace,
]
# One list for the life of the process: loggers keep it from their first use on, whatever is configured afterwards.
_PROCESSORS = [structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
_FINAL: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("message"),
    structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
]
