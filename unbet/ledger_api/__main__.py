"""Start the built-in ledger over HTTP: `python -m unbet.ledger_api`. Without a token it only waits
for its end, so that the Procfile's other lines go on."""

import signal

import structlog

from unbet.runtime import logs
from unbet.runtime.settings import LedgerServerSettings, read, warn_of_unknown_names
from unbet.start import starting

NAME = "ledger"


def main() -> None:
    with starting(NAME):
        chosen = read(LedgerServerSettings)
        logs.configure(chosen.log_format)
        warn_of_unknown_names()
    if not chosen.ledger_tokens:
        _stay_off()
        return
    # Only now: a process that is off stays small.
    from unbet.ledger_api.server import serve

    serve(chosen)


def _stay_off() -> None:
    """Wait for SIGTERM or Ctrl-C."""
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    structlog.get_logger(NAME).info(
        "the ledger is not served over HTTP: UNBET_LEDGER_TOKENS is not set"
    )
    signal.sigwait(ends)


if __name__ == "__main__":
    main()
