"""The web server under the receiver: uvicorn, on uvloop and httptools, within bounds."""

import sys
from contextlib import suppress
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from api.protocol import Bounded, raise_file_limit
from unbet.runtime import metrics
from unbet.runtime.settings import ReceiverSettings
from unbet.runtime.sockets import handles_on

IDLE_LIMIT_S: Final = 75
"""How long a connection without a request is kept: a proxy has let go of it by then."""


def serve(application: ASGIApp | str, chosen: ReceiverSettings, *, processes: int = 1) -> None:
    """Serve until a signal ends it. For more than one process `application` is the name of a
    function that makes it, as `module:function`."""
    Bounded.max_connections = raise_file_limit()
    for reason in ("gone", "cut"):
        # They begin at 0: of a counter that begins at 1 Prometheus sees no increase.
        metrics.UNDELIVERED.labels(reason=reason)
    config = uvicorn.Config(
        application,
        factory=isinstance(application, str),
        workers=processes,
        host=chosen.host,
        port=chosen.port,
        **options(chosen),
    )
    sockets = handles_on(config.bind_socket())
    if processes > 1:
        Multiprocess(config, sockets=sockets).run()
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def options(chosen: ReceiverSettings) -> dict[str, Any]:
    """What uvicorn is told of connections and requests."""
    return {
        "loop": "uvloop",
        "http": Bounded,
        "ws": "none",
        # The path holds the secret.
        "access_log": False,
        "log_config": None,
        "server_header": False,
        # Whose address a request comes from is not for its sender to say.
        "proxy_headers": False,
        "timeout_keep_alive": IDLE_LIMIT_S,
        # What is held gets its answer before a stop.
        "timeout_graceful_shutdown": int(chosen.answer_deadline_s) + 1,
    }
