"""The played provider's calls, against small servers that answer rightly, wrongly or not at all."""

import asyncio
from typing import Any

import pytest

from testbed.provider import Endpoint, EndpointError, Timing
from tests.ops.playing import Casino, codes, played, sent_to
from tests.ops.served import SECRET, Handler, http, serving, told

HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{"error": 0'
TEMPORARY: dict[str, tuple[Handler, str]] = {
    "another status": (lambda c: http(told(c), "500 Oh"), "HTTP 500"),
    "a redirection": (lambda c: http(told(c), "302 Found"), "HTTP 302"),
    "no JSON": (lambda _: http("<html>"), "malformed"),
    "an empty body": (lambda _: http(""), "malformed"),
    "no object": (lambda _: http("[0]"), "malformed"),
    "no code": (lambda _: http('{"description": ""}'), "malformed"),
    "a code that is text": (lambda c: http(told(c, "0")), "malformed"),
    "a code that is a truth": (lambda c: http(told(c, False)), "malformed"),
    "another reference": (lambda c: http(told(c, reference="other")), "malformed"),
    "success without reference": (lambda _: http('{"error":0,"description":""}'), "malformed"),
    "a closed connection": (lambda _: b"", "none"),
    "half an answer": (lambda _: HALF, "none"),
    "no HTTP": (lambda _: b"hello\r\n\r\n", "none"),
}


@pytest.mark.parametrize("kind", TEMPORARY)
async def test_what_is_no_answer_is_retransmitted_three_times_in_all(kind: str) -> None:
    handler, label = TEMPORARY[kind]

    sent, got = await sent_to(handler)

    assert [attempt.label for attempt in sent.attempts] == [label] * 3
    assert {attempt.code for attempt in sent.attempts} == {None}
    assert got == [got[0]] * 3, "the same uuid, the same everything"
    assert len(sent.unexpected()) == 3
    assert sent.written_off


async def test_silence_ends_with_the_call_and_is_retransmitted() -> None:
    sent, got = await sent_to(lambda _: None, timing=Timing(call_s=0.1, pause_s=0.01))

    assert [attempt.text for attempt in sent.attempts] == ["no answer within 0.1 s"] * 3
    assert all(0.1 <= attempt.seconds < 5 for attempt in sent.attempts)
    assert len({cancel["uuid"] for cancel in got}) == 1
    assert sent.written_off


@pytest.mark.parametrize("code", [2, 3, 4, 5, 6, 7, 8, 10, 50, 100])
async def test_every_other_code_is_retransmitted(code: int) -> None:
    sent, got = await sent_to(codes(code, code, code))

    assert [attempt.code for attempt in sent.attempts] == [code] * 3
    assert len({cancel["uuid"] for cancel in got}) == 1
    assert sent.written_off


@pytest.mark.parametrize("code", [0, 1, 120])
async def test_success_and_two_codes_stop_retransmission(code: int) -> None:
    sent, got = await sent_to(codes(code))

    assert len(got) == len(sent.attempts) == 1
    assert not sent.written_off
    assert bool(sent.unexpected()) == (code != 0)


async def test_being_told_to_retry_is_expected_unless_it_is_the_last_word() -> None:
    in_time, _ = await sent_to(codes(100, 100, 0))
    too_late, _ = await sent_to(codes(100, 100, 100))

    assert [attempt.code for attempt in in_time.attempts] == [100, 100, 0]
    assert in_time.unexpected() == []
    [line] = too_late.unexpected()
    assert line.endswith("try 3: 100 (told), expected 0")


async def test_a_wrong_answer_is_reported_though_the_next_one_is_right() -> None:
    answers = iter([http("oops", "500 Oh")])
    sent, got = await sent_to(lambda cancel: next(answers, http(told(cancel))))

    assert len(got) == 2
    [line] = sent.unexpected()
    assert "try 1: HTTP 500" in line
    assert sent.attempts[1].code == 0


async def test_a_cancel_has_the_fields_and_the_path_of_the_protocol() -> None:
    async with serving(codes(0)) as served:
        await played(served, Casino(), scenario="unknown reference", cancels=1)

    [cancel] = served.cancels
    assert served.paths == {f"/{SECRET}/V4/Cancel"}
    assert cancel.keys() == {
        *("userId", "providerId", "gameName", "gameId"),
        *("currency", "reference", "uuid", "sessionId"),
    }
    assert cancel["providerId"].casefold() == "luckymonaco"
    assert len(bytes.fromhex(cancel["reference"])) == 12
    assert len(bytes.fromhex(cancel["uuid"])) == 16


@pytest.mark.parametrize("ending", ["chunked", "close"])
async def test_answers_of_any_length_form_are_read(ending: str) -> None:
    def handler(cancel: dict[str, Any]) -> bytes:
        body = told(cancel).encode()
        if ending == "close":
            return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    sent, _ = await sent_to(handler)

    assert [attempt.code for attempt in sent.attempts] == [0]


async def test_a_connection_is_used_again_but_not_after_a_call_without_an_answer() -> None:
    said: list[bytes | None] = [http("{}"), http("{}"), None, http("{}")]
    async with serving(lambda _: said.pop(0)) as served:
        endpoint = Endpoint(served.url)
        await endpoint.post(b"{}")
        await endpoint.post(b"{}")
        before = served.connections
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(endpoint.post(b"{}"), 0.1)
        await endpoint.post(b"{}")
        endpoint.close()

    assert (before, served.connections) == (1, 2)


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(lambda _: http("{}")) as served:
        endpoint = Endpoint(served.url)
        await endpoint.post(b"{}")
        await endpoint.post(b"{}")
        before = served.connections
        monkeypatch.setattr("testbed.provider.endpoint.KEPT_IDLE_S", 0.0)
        await endpoint.post(b"{}")
        endpoint.close()

    assert (before, served.connections) == (1, 2)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"127.0.0.1/{SECRET}", "the URL has no scheme"),
        (f"http://127.0.0.1:99999/{SECRET}", "the URL has a wrong host or port"),
        (f"http://127.0.0.1:1/{SECRET}?a=b", "the URL has more than a path"),
        (f"http://127.0.0.1:1/{SECRET} ", "the URL has a character"),
    ],
)
def test_a_wrong_url_is_refused_without_telling_its_secret(url: str, problem: str) -> None:
    with pytest.raises(EndpointError, match=problem) as refused:
        Endpoint(url)

    assert SECRET not in str(refused.value)
