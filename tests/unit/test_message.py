"""The message and its reply: what goes in comes out, and nothing else is taken."""

import base64
import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

import pytest
from pydantic import ValidationError

from tests.making import KEYS, batch_of, cancel_of, old_form, old_message
from unbet.core.message import Cancel, Decision, Group, Reply
from unbet.core.older import read_cancel
from unbet.core.outcomes import Outcome
from unbet.core.wire import (
    ForeignError,
    Keys,
    MessageError,
    SignatureError,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)
from unbet.journal.parking import rows_of

HERE, THERE = uuid4(), uuid4()
CANCELS = (cancel_of("r1"), cancel_of("r2"))
GROUP = Group(version=3, deployment=HERE, reply_to="unbet:replies:1", cancels=CANCELS)


def _signed(packed: str) -> str:
    return KEYS.sign("unbet group", packed)


def _packed(document: bytes) -> str:
    return base64.b64encode(zlib.compress(document)).decode()


def test_a_group_survives_the_journey() -> None:
    assert decode_group(encode_group(GROUP, KEYS), KEYS) == GROUP


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
    assert decode_reply(encode_reply(reply, KEYS).encode(), KEYS) == reply
    assert '"12345678901234567890.123456789012345678"' in reply.model_dump_json()


def test_version_4_says_less_and_more_than_the_versions_before() -> None:
    cancels = (
        *batch_of("r1", "r2", user_id=None, currency=None, amount="0.000000000000000001"),
        cancel_of("r" * 255, user_id="p" * 255, uuid="u" * 255),
    )
    group = Group(version=4, deployment=HERE, reply_to="unbet:replies:1", cancels=cancels)
    assert decode_group(encode_group(group, KEYS), KEYS, HERE) == group
    told = Decision(request_id=cancels[0].request_id, outcome=Outcome.REVERSED, replayed=True)
    for version in (3, 4):
        reply = Reply(version=version, deployment=HERE, decisions=(told,))
        read = decode_reply(encode_reply(reply, KEYS), KEYS, HERE)
        # An older receiver does not know of it.
        assert read.decisions[0].replayed is (version == 4)


def test_what_a_cancel_does_not_say_is_not_parked_so_that_an_older_sweep_reads_it() -> None:
    (row,) = json.loads(rows_of([cancel_of("r1")]))
    assert not {"amount", "batch", "of_round"} & json.loads(row["cancel"]).keys()
    (said,) = batch_of("r1", user_id=None, amount="1.50")
    (row,) = json.loads(rows_of([said]))
    assert read_cancel(row["cancel"]) == said
    assert row["batch"] == str(said.batch)


def test_what_names_its_deployment_is_another_ones_elsewhere() -> None:
    group = Group(version=3, deployment=HERE, reply_to="x", cancels=())
    reply = Reply(version=3, deployment=HERE, decisions=())
    message, answer = encode_group(group, KEYS), encode_reply(reply, KEYS)
    assert decode_group(message, KEYS, HERE) == group
    assert decode_reply(answer, KEYS, HERE) == reply
    with pytest.raises(ForeignError, match=f"of deployment {HERE}, not of {THERE}"):
        decode_group(message, KEYS, THERE)
    with pytest.raises(ForeignError, match=f"of deployment {HERE}, not of {THERE}"):
        decode_reply(answer, KEYS, THERE)


def test_a_message_of_version_1_is_anybodys_and_its_reply_written_as_before() -> None:
    message = old_message(*CANCELS, reply_to="unbet:replies:1")
    group = decode_group(message, KEYS, HERE)
    assert group == GROUP.model_copy(update={"version": 1, "deployment": None})
    reply = Reply(version=group.version, decisions=())
    answer = encode_reply(reply, KEYS)
    document = json.loads(answer.partition(":")[2])
    assert document == {"version": 1, "decisions": []}
    assert decode_reply(answer, KEYS, HERE) == reply


def test_a_message_of_version_2_has_the_provider_s_fields_and_names_its_deployment() -> None:
    named = {"version": 2, "deployment": str(HERE), "reply_to": "unbet:replies:1"}
    document = json.dumps(named | {"cancels": [old_form(cancel) for cancel in CANCELS]})
    message = _signed(_packed(document.encode()))
    assert decode_group(message, KEYS, HERE) == GROUP.model_copy(update={"version": 2})
    with pytest.raises(ForeignError):
        decode_group(message, KEYS, THERE)


@pytest.mark.parametrize("form", [old_form, lambda cancel: cancel.model_dump(mode="json")])
def test_a_parked_or_spooled_cancel_of_any_version_is_read(
    form: Callable[[Cancel], dict[str, object]],
) -> None:
    assert read_cancel(json.dumps(form(CANCELS[0]))) == CANCELS[0]
    with pytest.raises(ValidationError):
        read_cancel(json.dumps(form(CANCELS[0]) | {"provider": 5}))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"deployment": None}, "all but version 1 name their deployment"),
        ({"version": 1}, "cancels"),
        ({"version": 5}, "version"),
        ({"extra": 1}, "extra"),
        ({"cancels": [{}]}, "cancels"),
        ({"reply_to": None}, "reply_to"),
    ],
)
def test_another_form_is_refused_and_the_field_named(change: dict[str, object], named: str) -> None:
    document = json.loads(GROUP.model_dump_json()) | change
    with pytest.raises(MessageError, match=named):
        decode_group(_signed(_packed(json.dumps(document).encode())), KEYS)


@pytest.mark.parametrize(
    "message",
    ["\x00", "", "é", GROUP.model_dump_json(), "AAAA", _packed(b"\x00")],
    ids=["no base64", "nothing", "no ASCII", "not packed", "cut off", "no JSON"],
)
def test_what_is_no_message_is_refused(message: str) -> None:
    with pytest.raises(MessageError, match="not a group"):
        decode_group(_signed(message), KEYS)


def test_what_is_no_reply_is_refused() -> None:
    with pytest.raises(MessageError):
        decode_reply(KEYS.sign("unbet reply", "[1]"), KEYS)


@pytest.mark.parametrize("found", [123, None, {}, ["x:y"], True])
def test_what_is_no_text_is_neither_message_nor_reply(found: object) -> None:
    for decode in (decode_group, decode_reply):
        with pytest.raises(MessageError, match="not a text"):
            decode(found, KEYS)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        GROUP.model_dump_json(),
        encode_group(GROUP, KEYS).partition(":")[2],
        encode_group(GROUP, Keys(["another key that is long enough to be one"])),
        encode_group(GROUP, KEYS)[:-4],
        encode_group(GROUP, KEYS).replace(":", ""),
        "é:" + _packed(GROUP.model_dump_json().encode()),
        KEYS.sign("unbet reply", _packed(GROUP.model_dump_json().encode())),
    ],
    ids=[
        *("nothing", "plain", "unsigned", "another key", "cut off", "no separator", "no ASCII"),
        "signed as a reply",
    ],
)
def test_what_is_not_signed_as_a_message_is_not_read(forged: str) -> None:
    with pytest.raises(SignatureError):
        decode_group(forged, KEYS)


def test_a_reply_whose_outcome_was_changed_is_not_read() -> None:
    reply = Reply(
        decisions=(Decision(request_id=GROUP.cancels[0].request_id, outcome=Outcome.SETTLED),)
    )
    signed = encode_reply(reply, KEYS)
    assert decode_reply(signed, KEYS) == reply
    with pytest.raises(SignatureError):
        decode_reply(signed.replace("settled", "reversed"), KEYS)
    with pytest.raises(SignatureError):
        decode_reply(b"\xff", KEYS)


def test_a_key_is_replaced_in_three_steps() -> None:
    old, new = "the old key, which is long enough", "the new key, which is long enough"
    steps = [Keys([old]), Keys([old, new]), Keys([new, old]), Keys([new])]
    for one, next_one in pairwise(steps):
        assert decode_group(encode_group(GROUP, one), next_one) == GROUP
        assert decode_group(encode_group(GROUP, next_one), one) == GROUP
    with pytest.raises(SignatureError):
        decode_group(encode_group(GROUP, steps[0]), steps[3])
