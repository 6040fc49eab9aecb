"""How the played provider signs: the public test vectors, and made-up keys where there are none."""

import base64
from decimal import Decimal

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from testbed.provider import DIALECTS, Cancel, Case, Dialect
from testbed.provider.dialects.bgaming import BGAMING
from testbed.provider.dialects.evolution import EVOLUTION
from testbed.provider.dialects.gitslotpark import GITSLOTPARK
from testbed.provider.dialects.groove import GROOVE
from testbed.provider.dialects.hub88 import CALETA, HUB88
from testbed.provider.dialects.pragmatic import PRAGMATIC
from testbed.provider.dialects.signing import hmac_sha256, new_rsa_key, private_key


def cancel(**changed: object) -> Cancel:
    fields: dict[str, object] = {
        "user_id": "u-1001",
        "provider_id": "AG7",
        "currency": "EUR",
        "reference": "bet-9",
        "uuid": "rb-1",
        "session_id": "s-1",
        "round_id": "rd-55",
        "amount": Decimal("1.25"),
    }
    return Cancel.model_validate(fields | changed)


@pytest.mark.parametrize(
    ("key", "body", "signature"),
    [
        (
            "test",
            b'{"user_id":"8|USDT|USD","currency":"USD","game":"acceptance:test"}',
            "442c4cd8926008096225416b21f5a1862fbf4fc4e5224362e3b463e85a39f40a",
        ),
        (
            "demo-key",
            b'{"user_id":"u-1001","currency":"EUR","game":"demo:Pearls","game_id":"rd-55",'
            b'"finished":true,"actions":[{"action":"rollback","action_id":"rb-1",'
            b'"original_action_id":"bet-9"}]}',
            "dbf7dbc026221bc1a39bb8c2c788faa77109f74d245e9c65c6dbed959c536dcd",
        ),
    ],
)
def test_bgaming_signs_the_body(key: str, body: bytes, signature: str) -> None:
    request = BGAMING.raw(body, key)

    assert request.headers == (("X-REQUEST-SIGN", signature),)
    assert request.body == body


def test_gitslotpark_signs_three_fields() -> None:
    published = (
        "Partner01Player0112.30474e1a293c2f4e7ab122c52d68423fcbab9c15f2efdd46278e4a56b303127234"
    )
    fields = {"agentID": "AG7", "userID": "u-1001", "transactionID": "9f2c41d7aa"}

    # A withdrawal's text has more fields than a rollback's.
    assert (
        hmac_sha256("1234567890", published.encode()).upper()
        == "475D834ACC3AB61D7DF4EA42751C6275387BC1787A098D2D0E091698D9BF2043"
    )
    assert (
        GITSLOTPARK.signature(fields, "sp-demo-key")
        == "1A5D933B33EB7E4205C13BE27D6FC0D47A5862AD13B12CB41B722F2BA11D2571"
    )


def test_pragmatic_signs_sorted_fields_and_the_secret() -> None:
    fields = {
        "userId": "u-1001",
        "reference": "bet-9",
        "providerId": "PragmaticPlay",
        "timestamp": "1760000000000",
        "amount": "1.25",
    }

    assert PRAGMATIC.signature(fields, "demo-key") == "8294f3071dd74f02da138a5e0e204559"


@pytest.mark.parametrize("game", ["gameid", "nogsgameid"])
def test_groove_signs_the_values_in_the_order_of_their_names(game: str) -> None:
    fields = {
        "request": "rollback",
        "transactionid": "bet-9",
        "accountid": "u-1001",
        "apiversion": "1.2",
        "amount": "1.25",
        "gamesessionid": "gs-3",
    }
    signature = "38daf8c82821c74e89411bec82c05679fcc3eedd6f1173384a24b545a91ab23e"

    assert GROOVE.signature(fields, "demo-key") == signature
    request = GROOVE.request({**fields, game: "8001"}, "demo-key")
    assert request.headers == (
        ("X-Groove-Signature", hmac_sha256("demo-key", b"u-10011.251.28001gs-3bet-9")),
    )
    assert not request.body


@pytest.mark.parametrize(
    ("dialect", "header"), [(HUB88, "X-Hub88-Signature"), (CALETA, "X-Auth-Signature")]
)
def test_hub88_and_caleta_sign_the_body_with_rsa(dialect: Dialect, header: str) -> None:
    key, other = new_rsa_key(), new_rsa_key()
    request = dialect.request(dialect.fields(cancel()), key)

    [(name, signature)] = request.headers
    assert name == header
    signed = base64.b64decode(signature, validate=True), request.body
    private_key(key).public_key().verify(*signed, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        private_key(other).public_key().verify(*signed, padding.PKCS1v15(), hashes.SHA256())


def test_evolution_sends_its_token_and_a_number_with_all_its_digits() -> None:
    fields = EVOLUTION.fields(cancel(amount=Decimal("12345678901234.123456")))
    request = EVOLUTION.request(fields, "a token&more")

    assert request.query == "authToken=a+token%26more"
    assert b'"amount": 12345678901234.123456}' in request.body


def test_a_request_without_an_amount_has_none() -> None:
    for dialect in (EVOLUTION, PRAGMATIC, GROOVE):
        request = dialect.request(dialect.fields(cancel(amount=None)), "key")
        assert b"amount" not in (request.body + request.query.encode()).lower()


def test_several_bets_have_an_action_each_in_their_order() -> None:
    actions = BGAMING.fields(cancel(others=("bet-10", "bet-11")))["actions"]

    assert [each["original_action_id"] for each in actions] == ["bet-9", "bet-10", "bet-11"]
    assert [each["action_id"] for each in actions] == ["rb-1", "rb-1-2", "rb-1-3"]


@pytest.mark.parametrize("key", ["", "no PEM"])
def test_what_cannot_be_a_key_is_refused_without_telling_it(key: str) -> None:
    with pytest.raises(ValueError, match="the key is no private key in PEM") as refused:
        HUB88.check_key(key)

    assert "no PEM" not in str(refused.value)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: str(dialect.name))
def test_no_dialect_stops_after_what_it_calls_temporary(dialect: Dialect) -> None:
    assert dialect.allowed[Case.TEMPORARY]
    assert not dialect.allowed[Case.TEMPORARY] & dialect.stops
    assert dialect.allowed[Case.FIRST] <= dialect.stops
    assert dialect.allowed[Case.REPEATED] <= dialect.stops
