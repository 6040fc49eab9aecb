"""The fields of a cancel that a wallet gets only where the provider's request has them."""

from unbet.core.message import Cancel


def optional_fields(cancel: Cancel) -> dict[str, object]:
    """The stake, as text since a JSON number would be read as a float; and the name of a request
    that asks for several bets; and that it is of a round, if so."""
    fields: dict[str, object] = {}
    if cancel.amount is not None:
        fields["amount"] = format(cancel.amount, "f")
    if cancel.batch is not None:
        fields["batch"] = str(cancel.batch)
    if cancel.of_round:
        fields["of_round"] = True
    return fields
