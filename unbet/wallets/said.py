"""What a wallet is told of a cancel only where the provider's request says it."""

from unbet.core.message import Cancel


def said_besides(cancel: Cancel) -> dict[str, object]:
    """The stake, as text since a JSON number would be read as a float; and the name of a request
    that asks for several bets; and that it is of a round, if so."""
    said: dict[str, object] = {}
    if cancel.amount is not None:
        said["amount"] = format(cancel.amount, "f")
    if cancel.batch is not None:
        said["batch"] = str(cancel.batch)
    if cancel.of_round:
        said["of_round"] = True
    return said
