"""Cancels of bets as the receiver hands them on, for measurements without a receiver."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import uuid_utils.compat

from benchmarks.filling import CURRENCY, PROVIDER, Bet
from unbet.core.message import Cancel


def cancel_of(bet: Bet) -> Cancel:
    """A provider's Cancel of `bet`, received now."""
    fields = {
        "providerId": PROVIDER,
        "userId": bet.user_id,
        "sessionId": uuid4().hex,
        "currency": CURRENCY,
        "gameId": "Im_60_tumblefortune",
        "gameName": "tumblefortune",
        "reference": bet.reference,
        "uuid": uuid4().hex,
    }
    return Cancel(
        request_id=uuid_utils.compat.uuid7(),
        received_at=datetime.now(UTC),
        received_from="127.0.0.1",
        provider=PROVIDER,
        dialect="lucky-monaco-v4",
        reference=bet.reference,
        player=bet.user_id,
        currency=CURRENCY,
        uuid=fields["uuid"],
        body=json.dumps(fields),
    )
