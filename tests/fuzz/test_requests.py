"""Whatever comes as a request in any form, the reader accepts a valid one or says what is wrong;
and no signature but the right one is taken for it.

Each run tries the same requests; `make fuzz` tries others, many more.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.__main__ import fuzz_signatures
from tests.fuzz.checks import judge_request
from tests.fuzz.fragments import BOMBS
from tests.fuzz.oracle import ACCEPTED
from tests.fuzz.own import PLAYNGO_LIKE
from tests.fuzz.reading import PATHS, read_again
from tests.fuzz.requests import Requests
from tests.fuzz.signatures import RIGHT, Signatures, judge_signature
from tests.fuzz.signing import OWN
from tests.fuzz.test_bodies import SEED, short
from tests.fuzz.timing import ReadingTimes
from unbet.dialects import DIALECTS
from unbet.dialects.groove import GROOVE
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.port import Dialect

REQUESTS = 1200
EACH = {one.name: one for one in (*DIALECTS.values(), *OWN) if one not in (V4, V1)}
EACH_DIALECT = pytest.mark.parametrize("dialect", EACH.values(), ids=EACH)

BGAMING = (
    b'{"user_id":"u","currency":"EUR","actions":[{"action":"rollback","action_id":"a",'
    b'"original_action_id":"b"%s}]%s}'
)
EVOLUTION = (
    b'{"userId":"u","uuid":"q","currency":"EUR","transaction":{"id":"c","refId":"b","amount":%s}}'
)
XML = (
    b"<cancelReserve%s><externalId>%s</externalId><transactionId>b</transactionId>"
    b"<currency>EUR</currency><accessToken>t</accessToken>%s</cancelReserve>"
)
QUERY = b"request=rollback&accountid=u&transactionid=b&gamesessionid=g"
PRAGMATIC = b"userId=u&providerId=LuckyMonaco&reference=b&hash="
AMOUNTS = [b"", b"null", b"0", b"%31.25", b"NULL", b"+", b"1e3", b"-1", b"1e999999999", b"%FF"]

KNOWN_ACCEPTED = [
    ("bgaming", BGAMING % (b"", b',"game_id":"\\ud800","x":"\\u0000"')),
    ("bgaming", BGAMING % (b',"\\u0000":1e999', b"")),
    *(("evolution", EVOLUTION % number) for number in (b"1e5", b"1e-7", b"0.0000000", b"-0.0")),
    *(("evolution", EVOLUTION % number) for number in (b"1e20", b"-1", b"1e-19", b"true", b"{}")),
    *(("evolution", EVOLUTION % number) for number in (b"1e999999999", b"9" * 4300, b'"1e5"')),
    ("evolution", EVOLUTION % b"12345678901234567890"),
    ("evolution", EVOLUTION % b'"1.250000000000000000"'),
    ("pragmatic", PRAGMATIC + b"&roundDetails=K%E4se&%c0%80=%ed%a0%80"),
    ("groove", QUERY + b"&device=K%E4se"),
    ("pragmatic", b"userId=u&providerId=LuckyMonaco&reference=%3B%26%3D&hash=&x=%00;y=%zz"),
    *(("groove", QUERY + b"&rollbackAmount=" + one) for one in AMOUNTS),
    *(("pragmatic", PRAGMATIC + b"&amount=" + one) for one in AMOUNTS),
    ("groove", QUERY + b"&x=%00&&%00=1&;=;"),
    ("groove", QUERY.replace(b"=u", b"=%f0%9f%98%80\xc3\xbc+%20")),
    ("xml-of-tests", XML % (b" a='1' xmlns:n='urn:n' n:b='2'", b"u", b"<n:x/><?p i?><!--c-->")),
    ("xml-of-tests", XML % (b"", b"<![CDATA[<u>&]]>&amp;&#x1F600;", b"")),
    ("xml-of-tests", XML % (b"", "\u2003u\x85\u2028".encode(), b"")),
    (
        "xml-of-tests",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-16"?>' + XML % (b"", b"u", b""),
    ),
    ("xml-of-tests", XML % (b"", b"u", b"<x>" * 16 + b"</x>" * 16)),
]
KNOWN_REFUSED = [
    ("bgaming", BGAMING % (b',"action_id":"c"', b"")),
    ("bgaming", BGAMING % (b',"x":{"y":1,"y":1}', b"")),
    ("bgaming", BGAMING.replace(b"[", b"").replace(b"]", b"") % (b"", b"")),
    *(("evolution", EVOLUTION % number) for number in (b"NaN", b"9" * 4301)),
    ("pragmatic", PRAGMATIC + b"&x=\x00"),
    ("pragmatic", PRAGMATIC + b"&reference=c"),
    ("pragmatic", b"userId=u&providerId=LuckyMonaco&reference=%c0%80&hash="),
    ("pragmatic", b"userId=u&providerId=LuckyMonaco&reference=%00&hash="),
    ("groove", b"\xef\xbb\xbf" + QUERY),
    ("groove", QUERY + b"&a=" * 200),
    ("groove", QUERY.replace(b"rollback", b"wager")),
    ("groove", QUERY.replace(b"&", b";")),
    *(("xml-of-tests", bomb.encode() + XML % (b"", b"&a;", b"")) for bomb in BOMBS),
    ("xml-of-tests", XML % (b"", b"&nbsp;", b"")),
    ("xml-of-tests", XML % (b"", b"u</externalId><externalId>v", b"")),
    ("xml-of-tests", XML % (b" xmlns='urn:x'", b"u", b"")),
    ("xml-of-tests", XML % (b"", b"&#0;", b"")),
    ("xml-of-tests", XML % (b"", b"\xfc", b"")),
    ("xml-of-tests", XML % (b"", b"u", b"<x>" * 17 + b"</x>" * 17)),
    ("xml-of-tests", (XML % (b"", b"u", b"")).decode().encode("utf-16")),
    (
        "xml-of-tests",
        ('<?xml version="1.0" encoding="x"?>' + (XML % (b"", b"u", b"")).decode()).encode(
            "utf-16-le"
        ),
    ),
]


@pytest.mark.parametrize(("name", "content"), KNOWN_ACCEPTED)
def test_every_known_hard_request_is_accepted_as_it_was_sent(name: str, content: bytes) -> None:
    assert judge_request(content, EACH[name]).said == ACCEPTED


@pytest.mark.parametrize(("name", "content"), KNOWN_REFUSED)
def test_every_known_wrong_request_is_refused(name: str, content: bytes) -> None:
    assert judge_request(content, EACH[name]).said != ACCEPTED


@EACH_DIALECT
def test_requests_of_every_kind_keep_the_promises(dialect: Dialect) -> None:
    requests, times = Requests(SEED, dialect), ReadingTimes(dialect)
    said: dict[str, set[str]] = {}
    for _ in range(REQUESTS):
        request = requests.next()
        judgement = judge_request(request.content, dialect)
        said.setdefault(request.kind, set()).add(judgement.said)
        assert not times.is_too_slow(request.content, judgement.seconds), request
    assert said.pop("valid, spelled otherwise") == {ACCEPTED}
    assert said.pop("twice and harmless", {ACCEPTED}) == {ACCEPTED}
    assert ACCEPTED in said["almost valid"], "none of them gets far"
    assert ACCEPTED not in said["twice"], "which of two values was meant?"
    assert len(set().union(*said.values())) >= 7, "some refusals are never met"


def test_every_dialect_is_read_a_second_time() -> None:
    assert {*EACH} == {*PATHS}, "tests/fuzz/reading.py has to say where its values are"


@short
@given(st.binary(max_size=200), st.sampled_from(list(EACH.values())))
def test_any_bytes(content: bytes, dialect: Dialect) -> None:
    judge_request(content, dialect)


@short
@given(
    st.integers(0, 200),
    st.integers(0, 200),
    st.binary(max_size=8),
    st.sampled_from([(PLAYNGO_LIKE, XML % (b"", b"u", b"")), (GROOVE, QUERY)]),
)
def test_any_change_of_bytes(
    start: int, end: int, piece: bytes, sent: tuple[Dialect, bytes]
) -> None:
    dialect, content = sent
    judge_request(content[:start] + piece + content[end:], dialect)


def test_signatures_of_every_kind_are_judged_rightly() -> None:
    signatures = Signatures(SEED)
    said = {judge_signature(signatures.next()) for _ in range(3000)}
    accepted = {what for what in said if what.startswith("accepted")}
    assert accepted <= {f"accepted: {RIGHT}", "accepted: another case", "accepted: longer"}
    assert f"accepted: {RIGHT}" in accepted
    assert len(said) >= 12, "some kinds are never met"


def test_a_wrong_signature_that_is_accepted_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fuzz_signatures(50, SEED) == 0
    monkeypatch.setattr("unbet.dialects.auth.Auth.accepts", lambda *_: True)
    assert fuzz_signatures(50, SEED) == 1
    assert "Found: a signature" in capsys.readouterr().out


def test_the_second_reader_reads_what_the_first_does() -> None:
    assert read_again(XML % (b"", b" u<!-- -->v ", b""), "XML")["externalId"] == "uv"
    assert read_again(b"a=%2B+&b", "form") == {"a": "+ ", "b": ""}
