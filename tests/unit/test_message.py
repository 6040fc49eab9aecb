"""The message and its reply: what goes in comes out, and nothing else is taken."""

import base64
import json
import zlib
from decimal import Decimal

import pytest

from api.answers import body, of_outcome
from contract.message import (
    Decision,
    Group,
    MessageError,
    Reply,
    decode_group,
    decode_reply,
    encode_group,
)
from contract.outcomes import Outcome
from tests.making import cancel_of

GROUP = Group(reply_to="unbet:replies:1", cancels=(cancel_of("r1"), cancel_of("r2")))


def _packed(document: bytes) -> str:
    return base64.b64encode(zlib.compress(document)).decode()


def test_a_group_survives_the_journey() -> None:
    assert decode_group(encode_group(GROUP)) == GROUP


def test_a_reply_survives_the_journey_with_its_amounts_exact() -> None:
    reply = Reply(
        decisions=(
            Decision(
                request_id=GROUP.cancels[0].request_id,
                outcome=Outcome.REVERSED,
                transfer_id=2**62,
                currency="EUR",
                cash=Decimal("12345678901234567890.123456789012345678"),
            ),
            Decision(request_id=GROUP.cancels[1].request_id, outcome=Outcome.PARKED),
        )
    )
    assert decode_reply(reply.model_dump_json().encode()) == reply
    assert '"12345678901234567890.123456789012345678"' in reply.model_dump_json()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": 2}, "version"),
        ({"extra": 1}, "extra"),
        ({"cancels": [{}]}, "cancels"),
        ({"reply_to": None}, "reply_to"),
    ],
)
def test_another_form_is_refused_and_the_field_named(change: dict[str, object], named: str) -> None:
    document = json.loads(GROUP.model_dump_json()) | change
    with pytest.raises(MessageError, match=named):
        decode_group(_packed(json.dumps(document).encode()))


@pytest.mark.parametrize(
    "message",
    ["\x00", "", "é", GROUP.model_dump_json(), encode_group(GROUP)[:-8], _packed(b"\x00")],
    ids=["no base64", "nothing", "no ASCII", "not packed", "cut off", "no JSON"],
)
def test_what_is_no_message_is_refused(message: str) -> None:
    with pytest.raises(MessageError, match="not a group"):
        decode_group(message)


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(MessageError):
        decode_reply(b"[1]")


def test_every_outcome_has_an_answer() -> None:
    codes = {outcome: of_outcome(outcome).code for outcome in Outcome}
    assert codes == {
        Outcome.REVERSED: 0,
        Outcome.NO_BET: 0,
        Outcome.BET_REFUSED: 0,
        Outcome.SETTLED: 120,
        Outcome.MISMATCH: 7,
        Outcome.CURRENCY_MISMATCH: 2,
        Outcome.PARKED: 100,
    }


def test_the_answer_has_a_number_and_the_reference_as_sent() -> None:
    assert json.loads(body(of_outcome(Outcome.REVERSED), 'r"1')) == {
        "error": 0,
        "description": "Success",
        "reference": 'r"1',
    }
    assert "reference" not in json.loads(body(of_outcome(Outcome.PARKED), None))
