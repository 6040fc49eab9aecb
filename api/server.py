"""The web server under the receiver: uvicorn, on uvloop and httptools, within bounds."""

import uvicorn
from starlette.types import ASGIApp

from api.protocol import Bounded, make_room
from contract.settings import Settings


def serve(application: ASGIApp | str, chosen: Settings, *, processes: int = 1) -> None:
    """Serve until a signal ends it. For more than one process `application` is the name of a
    function that makes it, as `module:function`."""
    Bounded.most_connections = make_room()
    uvicorn.run(
        application,
        factory=isinstance(application, str),
        workers=processes,
        host=chosen.host,
        port=chosen.port,
        loop="uvloop",
        http=Bounded,
        ws="none",
        # The path holds the secret.
        access_log=False,
        log_config=None,
        server_header=False,
        # Whose address a request comes from is not for its sender to say.
        proxy_headers=False,
        timeout_keep_alive=75,
        # What is held gets its answer before a stop.
        timeout_graceful_shutdown=int(chosen.answer_deadline_s) + 1,
    )
