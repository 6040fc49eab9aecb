"""Signatures that the providers' documents publish, and made-up ones beside them."""

from typing import Final

from unbet.dialects import DIALECTS
from unbet.dialects.raw import RawRequest
from unbet.dialects.schemes import DigestWithKey, Hmac

RAW: Final = RawRequest(b"")


def with_header(value: str, body: bytes, name: bytes) -> RawRequest:
    return RawRequest(body, headers=[(name, value.encode())])


def test_the_public_vector_of_softswiss() -> None:
    body = b'{"user_id":"8|USDT|USD","currency":"USD","game":"acceptance:test"}'
    signature = "442c4cd8926008096225416b21f5a1862fbf4fc4e5224362e3b463e85a39f40a"
    assert Hmac().sign(b"test", body) == signature
    auth = DIALECTS["bgaming"].auth
    raw = with_header(signature, body, b"x-request-sign")
    assert auth.accepts(raw, {}, [b"test"])
    assert not auth.accepts(raw._replace(body=body + b" "), {}, [b"test"])


def test_bgamings_rollback() -> None:
    body = (
        b'{"user_id":"u-1001","currency":"EUR","game":"demo:Pearls","game_id":"rd-55",'
        b'"finished":true,"actions":[{"action":"rollback","action_id":"rb-1",'
        b'"original_action_id":"bet-9"}]}'
    )
    signature = "dbf7dbc026221bc1a39bb8c2c788faa77109f74d245e9c65c6dbed959c536dcd"
    raw = with_header(signature, body, b"x-request-sign")
    assert DIALECTS["bgaming"].auth.accepts(raw, {}, [b"demo-key"])


def test_gitslotparks_published_vector_of_a_withdrawal() -> None:
    text = "Partner01Player0112.30474e1a293c2f4e7ab122c52d68423fcbab9c15f2efdd46278e4a56b303127234"
    signature = "475D834ACC3AB61D7DF4EA42751C6275387BC1787A098D2D0E091698D9BF2043"
    assert Hmac(form="HEX").sign(b"1234567890", text.encode()) == signature


def test_gitslotparks_rollback() -> None:
    signature = "1A5D933B33EB7E4205C13BE27D6FC0D47A5862AD13B12CB41B722F2BA11D2571"
    document = {"agentID": "AG7", "userID": "u-1001", "transactionID": "9f2c41d7aa"}
    auth = DIALECTS["gitslotpark"].auth
    assert auth.signature(RAW, document, b"sp-demo-key") == signature
    for given in (signature, signature.lower()):
        assert auth.accepts(RAW, {**document, "sign": given}, [b"sp-demo-key"])
    assert not auth.accepts(
        RAW, {**document, "userID": "u-1002", "sign": signature}, [b"sp-demo-key"]
    )


def test_pragmatics_hash() -> None:
    body = (
        b"userId=u-1001&hash=8294f3071dd74f02da138a5e0e204559&reference=bet-9&amount=1.25"
        b"&timestamp=1760000000000&providerId=PragmaticPlay"
    )
    auth = DIALECTS["pragmatic"].auth
    document = {"hash": "8294f3071dd74f02da138a5e0e204559"}
    assert auth.accepts(RawRequest(body), document, [b"demo-key"])
    assert not auth.accepts(RawRequest(body + b"&more=1"), document, [b"demo-key"])


def test_grooves_signature_if_it_is_written_in_hex() -> None:
    auth = DIALECTS["groove"].auth
    query = (
        b"request=rollback&gamesessionid=gs-3&accountid=u-1001&apiversion=1.2"
        b"&transactionid=bet-9&amount=1.25"
    )
    signature = "38daf8c82821c74e89411bec82c05679fcc3eedd6f1173384a24b545a91ab23e"
    raw = with_header(signature, b"", b"x-groove-signature")._replace(query=query, method="GET")
    assert auth.content(raw, {}) == b"u-10011.251.2gs-3bet-9"
    assert auth.accepts(raw, {}, [b"demo-key"])
    named_otherwise = raw._replace(query=query + b"&nogsgameid=7")
    assert auth.content(named_otherwise, {}) == b"u-10011.251.27gs-3bet-9"


def test_evenbets_digest_with_the_key() -> None:
    body = (
        b'{"method":"Rollback","userId":"u-1001","amount":125,"currency":"EUR",'
        b'"transactionId":"rb-1","referenceTransactionId":"bet-9"}'
    )
    signature = "c2a4047650b2c106267d4b5c8ac2f69d6ac95074404867af4128d1f5282a3e0d"
    assert DigestWithKey("sha256").sign(b"demo-key", body) == signature
