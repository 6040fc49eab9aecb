"""What a dialect is on the provider's side: how a cancel is written, how its answer is read, and
what the documents allow."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from testbed.provider.answers import Answer, Code
from testbed.provider.connection import Response
from testbed.provider.dialects.documents import object_of, shown, written
from testbed.provider.messages import Cancel

Fields = Mapping[str, Any]
"""The fields of a request by the provider's names, without its signature; they may be nested."""

SUCCESS: Final = 0
"""Of a bet and of a win, in every dialect."""

JSON: Final = "application/json"

SERVER_ERRORS: Final[frozenset[Code]] = frozenset({"HTTP 500", "HTTP 502", "HTTP 503", "HTTP 504"})
"""The codes of a status without a body that says more, for a dialect whose temporary answers they
are."""


class Case(StrEnum):
    """What a cancel is about, as far as its answer depends on it."""

    FIRST = "first"
    """A bet that stands."""
    REPEATED = "repeated"
    """A bet that an earlier cancel has undone."""
    UNKNOWN = "unknown bet"
    BET_REFUSED = "refused bet"
    """The operator has taken no stake."""
    SETTLED = "settled bet"
    OTHER_PLAYER = "another player"
    OTHER_CURRENCY = "another currency"
    OTHER_AMOUNT = "another amount"
    SIGNATURE = "wrong signature"
    MALFORMED = "malformed"
    TEMPORARY = "temporary"
    """A fault that passes: the provider must send again."""


class Request(NamedTuple):
    """What travels to the dialect's path."""

    body: bytes = b""
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""


Alter = Callable[[str], str | None]
"""Makes another signature of the right one; None for none."""


def unaltered(signature: str) -> str:
    """The right signature."""
    return signature


class Dialect(ABC):
    """One provider's form of a cancel. A request has the fields of one Cancel."""

    name: str
    title: str
    """The provider's chapter of PROVIDERS."""
    path: str
    """After the URL that the operator tells."""
    method: str = "POST"
    content_type: str = JSON
    """What `encode` writes."""

    allowed: Mapping[Case, frozenset[Code]]
    """The codes that the documents allow; of a case that they do not know, those with which nobody
    loses money. A case that cannot happen is missing."""
    stops: frozenset[Code]
    """The provider does not send again after these. Where the documents do not say, all codes are
    here but those that they call temporary: an operator must not rely on a second call."""

    reference: str
    """The reference's place in the fields, as of those below: names with dots between them."""
    player: str | None = None
    currency: str | None = None
    amount: str | None = None
    session: str | None = None
    optional: tuple[str, ...] = ()
    """The fields that are sent, and that may be missing."""
    lengths: Mapping[str, int] = {}
    """How many characters of a field are tolerated, where the documents say it."""

    needs_key: bool = True
    """Whether a request is signed, or has a secret in it."""
    signs_content: bool = True
    """Whether the signature of one request does not fit another one."""
    batches: bool = False
    """Whether one request may ask for several bets."""
    names_rounds: bool = True
    """Whether a Cancel names its round."""
    any_case: bool = False
    """Whether the provider spells its own id in any case."""
    targets_wins: bool = False
    """Whether a win may be named as well: what becomes of it is not judged."""
    alike: bool = False
    """Whether all cancels of a bet are answered alike, in every field."""
    hides_unpersisted: bool = False
    """Whether a cancel that is stored nowhere is answered as one that is not decided yet."""
    late_bet_accepted: bool = False
    """A bet that comes after its cancel: accepted without a debit, else refused."""
    places: int = 18
    """The decimals of an amount and of a balance."""

    # The operator's answers to bets and wins do not depend on the dialect.
    funds: int = 1
    """The code for a bet of more than there is; nothing is retransmitted after it."""
    frozen: int = 6
    """The code for a bet of a frozen player."""
    refused: int = 120
    """The code for a refusal after which nothing is retransmitted."""

    def check_codes(self) -> None:
        """Raises `ValueError` for a case that can happen and has no codes, and for a temporary code
        after which the provider stops."""
        other = {Case.OTHER_PLAYER, Case.OTHER_CURRENCY, Case.OTHER_AMOUNT}
        not_signed = frozenset() if self.needs_key else {Case.SIGNATURE}
        if missing := {*Case} - other - not_signed - self.allowed.keys():
            raise ValueError(f"{self.name}: `allowed` has nothing for {min(missing).value!r}")
        if final := self.allowed[Case.TEMPORARY] & self.stops:
            raise ValueError(f"{self.name}: {min(map(str, final))} is temporary, and in `stops`")

    @property
    def bet_stops(self) -> frozenset[Code]:
        """No bet and no win is retransmitted after these."""
        return frozenset({SUCCESS, self.funds, self.refused})

    @property
    def done(self) -> frozenset[Code]:
        """The codes that say that the bet does not stand."""
        cases = (Case.FIRST, Case.REPEATED, Case.UNKNOWN)
        return frozenset().union(*(self.allowed[case] for case in cases))

    @abstractmethod
    def fields(self, cancel: Cancel) -> dict[str, Any]:
        """What is sent of a cancel."""

    def encode(self, fields: Fields) -> bytes:
        """The body of these fields."""
        return written(fields)

    def document_of(self, body: bytes) -> Mapping[str, Any] | None:
        """What an answer says, made of text, numbers, lists and mappings; None if its body has
        another form."""
        return object_of(body)

    @abstractmethod
    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:
        """Fields, signed with the endpoint's `key`."""

    @abstractmethod
    def raw(self, body: bytes, key: str) -> Request:
        """A body as it stands, signed if that can be done."""

    def signature(self, fields: Fields, key: str) -> str:
        """The right one."""
        found: list[str] = []

        def note(right: str) -> str:
            found.append(right)
            return right

        self.request(fields, key, note)
        return found[0]

    def other_key(self) -> str:
        """A made-up key of the right form."""
        return "another-key-of-the-right-form"

    def operators_key(self, key: str) -> str:
        """What the operator has of a key: the same, or its public half."""
        return key

    def check_key(self, key: str) -> None:
        """Raises `ValueError` for what cannot be a key; the text is part of a sentence and holds no
        secret."""
        if not key:
            raise ValueError("the key is empty")

    def spellings(self, fields: Fields, key: str) -> Iterable[tuple[str, Request]]:  # noqa: ARG002
        """Other ways of sending the same cancel, each with what it is in words."""
        return ()

    def malformed(self, fields: Fields, key: str) -> Iterable[tuple[str, Request]]:  # noqa: ARG002
        """What is nearly this cancel and of another form, for a dialect that is not JSON; the kit
        knows itself what is no JSON."""
        return ()

    def read(self, response: Response, asked: Fields, *, gives_back: bool = False) -> Answer:
        """The answer to a request with the fields `asked`, as far as they are known; whatever is of
        another form is a temporary error. `gives_back`: the bet is known to have been there, so
        that a success has all its fields."""
        document = self.document_of(response.body)
        code = None if document is None else self.code_of(response.status, document)
        if document is None or code is None:
            if response.status != 200:
                return self.of_status(response.status)
            problem: str | None = "the body is not of the dialect's form"
        else:
            problem = self.fault_in(document, code, asked, gives_back=gives_back)
            if problem is None:
                return Answer(code, self.text_of(document), response.status)
        return Answer(None, f"{problem}: {shown(response.body)}", response.status)

    def of_status(self, status: int) -> Answer:
        """What a status says without a body that says more: a code of `SERVER_ERRORS` where the
        dialect has them for temporary."""
        label = f"HTTP {status}"
        is_code = label in SERVER_ERRORS & self.allowed[Case.TEMPORARY]
        return Answer(label if is_code else None, label, status)

    @abstractmethod
    def code_of(self, status: int, document: Fields) -> Code | None:
        """The code in an answer; None if it has none, or one that does not belong to the status."""

    def text_of(self, document: Fields) -> str:
        """What an answer says in words."""
        return str(document.get("message", ""))

    @abstractmethod
    def fault_in(
        self, document: Fields, code: Code, asked: Fields, *, gives_back: bool
    ) -> str | None:
        """What is wrong with the fields besides the code."""

    def balance_of(self, document: Fields) -> Decimal | None:  # noqa: ARG002
        """The balance in an answer, in units of the currency; None if there is none."""
        return None

    def lasting(self, document: Fields) -> Sequence[object]:  # noqa: ARG002
        """What of an answer to a cancel stays the same when the same is sent again."""
        return ()
