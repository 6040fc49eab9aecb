"""Play'n GO's side of cancelReserve, for Unbet's conformance kit and simulator (PROVIDERS, 13: two
implementations). It shares nothing with `playngo`, because it judges it.

Not documented: what a settled bet's and another player's, currency's or amount's cancel is answered
(any refusal), and after which answers the provider sends again (here: after HTTP 5xx alone).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from testbed.provider.answers import Code
from testbed.provider.dialects.port import SERVER_ERRORS, Case, Fields, Request
from testbed.provider.dialects.signing import SignedInField
from testbed.provider.messages import Cancel

_DONE: Final = frozenset({0})
_NOBODY: Final = 1
_OTHER: Final = 12
_REFUSALS: Final = SERVER_ERRORS | {_NOBODY, _OTHER}


class PlayNGo(SignedInField):
    """XML with a shared secret in it; an answer has a code and the operator's own name."""

    name = "playngo"
    title = "Play'n GO"
    path = "/cancelReserve"
    content_type = "application/xml"
    field = "accessToken"
    signs_content = False

    reference = "transactionId"
    player = "externalId"
    currency = "currency"
    amount = "real"
    session = "externalGameSessionId"
    optional = ("productId", "roundId", "gameId", "channel", "externalGameSessionId")

    hides_unpersisted = True
    """Its temporary answers are HTTP 503."""

    allowed: Mapping[Case, frozenset[Code]] = {
        Case.FIRST: _DONE,
        Case.REPEATED: _DONE,
        Case.UNKNOWN: _DONE,
        Case.BET_REFUSED: _DONE,
        Case.SETTLED: frozenset({_OTHER}),
        Case.OTHER_PLAYER: _REFUSALS,
        Case.OTHER_CURRENCY: _REFUSALS,
        Case.OTHER_AMOUNT: _REFUSALS,
        Case.SIGNATURE: SERVER_ERRORS | {_NOBODY},
        # What cannot be read cannot be found to have the secret either.
        Case.MALFORMED: frozenset({_OTHER, _NOBODY}),
        Case.TEMPORARY: SERVER_ERRORS,
    }
    stops: frozenset[Code] = _DONE | {_NOBODY, 7, _OTHER}

    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """A request has no name of its own."""
        amount = {} if cancel.amount is None else {"real": f"{cancel.amount:f}"}
        return {
            "externalId": cancel.user_id,
            "productId": "1",
            "transactionId": cancel.reference,
            **amount,
            "currency": cancel.currency,
            "roundId": str(cancel.round_id),
            "gameId": "77",
            "channel": "1",
            "externalGameSessionId": cancel.session_id,
        }

    def sign(self, fields: Fields, key: str) -> str:  # noqa: ARG002 - a secret signs nothing
        """The secret itself."""
        return key

    def encode(self, fields: Fields) -> bytes:
        """An element for each field."""
        root = Element("cancelReserve")
        for name, value in fields.items():
            SubElement(root, name).text = value
        written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return written

    def document_of(self, body: bytes) -> Mapping[str, Any] | None:
        """The text of each element."""
        try:
            root = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError):
            return None
        return {each.tag: each.text or "" for each in root} if root.tag == "cancelReserve" else None

    def spellings(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """XML can be written in several ways."""
        body = self.request(fields, key).body
        reference = str(fields["transactionId"])
        as_it_is = f"<transactionId>{reference}</transactionId>".encode()
        letters = "".join(f"&#{ord(letter)};" for letter in reference)
        for sent, other in (
            ("XML without a declaration", body.partition(b"?>")[2]),
            ("XML in several lines", body.replace(b"><", b">\n  <")),
            ("a comment", body.replace(as_it_is, b"<!-- the bet -->" + as_it_is)),
            ("a reference as CDATA", body.replace(reference.encode(), _cdata(reference))),
            ("a reference in digits", body.replace(reference.encode(), letters.encode())),
            ("an attribute", body.replace(b"<transactionId>", b'<transactionId kind="bet">')),
        ):
            yield sent, self.raw(other, key)
        yield "text beyond ASCII", self.request({**fields, "gameId": "Käse & Würfel 🎲"}, key)

    def malformed(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """XML that is no cancel, and what is no XML."""
        body = self.request(fields, key).body
        element, end = body.partition(b"?>")[2], b"</cancelReserve>"
        second = b"<transactionId>another</transactionId>"
        deep = b"<a>" * 1000 + b"</a>" * 1000
        for sent, other in (
            ("an empty body", b""),
            ("half a cancel", body[: len(body) // 2]),
            ("a cancel and a half", body + body[: len(body) // 2]),
            ("another element", body.replace(b"cancelReserve", b"reserve")),
            ("an element without elements", b"<cancelReserve>text</cancelReserve>"),
            ("a second reference", body.replace(end, second + end)),
            ("elements in the reference", body.replace(b"<transactionId>", b"<transactionId><a/>")),
            ("elements in each other", body.replace(end, deep + end)),
            ("a DTD", b'<!DOCTYPE cancelReserve [<!ENTITY a "b">]>' + element),
            ("JSON", b'{"transactionId": "a"}'),
        ):
            yield sent, self.raw(other, key)

    def code_of(self, status: int, document: Fields) -> Code | None:
        """The number in `statusCode`; HTTP's status is 200."""
        code = document.get("statusCode", "")
        return int(code) if status == 200 and code.isascii() and code.isdigit() else None

    def text_of(self, document: Fields) -> str:
        """There are no words but the code."""
        return f"statusCode {document['statusCode']}"

    def fault_in(
        self,
        document: Fields,
        code: Code,
        asked: Fields,  # noqa: ARG002 - nothing is repeated
        *,
        gives_back: bool,
    ) -> str | None:
        """A success has the operator's own name, which is empty where nothing was given back."""
        if code not in _DONE:
            return None
        if "externalTransactionId" not in document:
            return "externalTransactionId is missing"
        if gives_back and not document["externalTransactionId"]:
            return "externalTransactionId is empty"
        return None

    def lasting(self, document: Fields) -> Sequence[object]:
        """The operator's own name is the earlier one."""
        return [document.get("externalTransactionId")]


def _cdata(text: str) -> bytes:
    return f"<![CDATA[{text}]]>".encode()


PLAYNGO: Final = PlayNGo()
