"""Other providers as their documents have them: what each must hear."""

from typing import Final

from tests.system.provider_requests import (
    USER,
    BGaming,
    Evolution,
    GitSlotPark,
    Groove,
    Heard,
    Hub88,
    Pragmatic,
    Provider,
)

_BGAMING_DONE: Final[Heard] = (200, {"game_id": "rd-55", "balance": 10000})
_GROOVE_TOLD: Final = {"balance": 100, "bonus_balance": 0, "apiversion": "1.2"}
_HUB88_DONE: Final[Heard] = (
    200,
    {
        "status": "RS_OK",
        "request_uuid": "q-1",
        "user": USER,
        "balance": 10000000,
        "currency": "EUR",
    },
)

PROVIDERS: Final[tuple[Provider, ...]] = (
    BGaming(
        "bgaming",
        "/rollback",
        {
            "first": _BGAMING_DONE,
            "repeated": _BGAMING_DONE,
            "unknown": _BGAMING_DONE,
            "settled": (400, {"code": 400}),
            "another player's": (400, {"code": 101}),
            "wrong signature": (403, {"code": 403}),
            "malformed": (400, {"code": 400}),
            "away": (500, {"code": 500}),
        },
    ),
    *(
        kind(
            name,
            path,
            {
                "first": _HUB88_DONE,
                "repeated": _HUB88_DONE,
                "unknown": _HUB88_DONE,
                "settled": (200, {"status": "RS_ERROR_TRANSACTION_ROLLED_BACK"}),
                "another player's": (200, {"status": "RS_ERROR_UNKNOWN"}),
                "wrong signature": (200, {"status": "RS_ERROR_INVALID_SIGNATURE"}),
                "malformed": (200, {"status": "RS_ERROR_WRONG_SYNTAX"}),
                "away": (200, {"status": "RS_ERROR_UNKNOWN"}),
            },
        )
        for kind, name, path in (
            (Hub88, "hub88", "/transaction/rollback"),
            (
                type("Caleta", (Hub88,), {"header": "X-Auth-Signature"}),
                "caleta",
                "/wallet/rollback",
            ),
        )
    ),
    Pragmatic(
        "pragmatic",
        "/refund",
        {
            "first": (200, {"error": 0}),
            "repeated": (200, {"error": 0}),
            "unknown": (200, {"error": 0}),
            "settled": (200, {"error": 120}),
            "another player's": (200, {"error": 100}),
            "wrong signature": (200, {"error": 5}),
            "malformed": (200, {"error": 5}),
            "away": (200, {"error": 100}),
        },
    ),
    Evolution(
        "evolution",
        "/cancel",
        {
            "first": (200, {"status": "OK", "balance": 100, "bonus": 0, "uuid": "q-1"}),
            "repeated": (200, {"status": "BET_ALREADY_SETTLED", "balance": 100}),
            "unknown": (200, {"status": "BET_DOES_NOT_EXIST"}),
            "settled": (200, {"status": "BET_ALREADY_SETTLED"}),
            "another player's": (200, {"status": "TEMPORARY_ERROR"}),
            "wrong signature": (401, {"status": "INVALID_TOKEN_ID"}),
            "malformed": (400, {"status": "INVALID_PARAMETER"}),
            "away": (200, {"status": "TEMPORARY_ERROR"}),
        },
    ),
    GitSlotPark(
        "gitslotpark",
        "/RollbackTransaction",
        {
            "first": (200, {"result": 0, "balance": 100}),
            "repeated": (200, {"result": 9, "balance": 100}),
            "unknown": (200, {"result": 8}),
            "settled": (200, {"result": 1}),
            "another player's": (500, {"result": 5}),
            "wrong signature": (200, {"result": 3}),
            "malformed": (200, {"result": 3}),
            "away": (500, {"result": 1}),
        },
    ),
    Groove(
        "groove",
        "/groove",
        {
            "first": (200, {"code": 200, "status": "Success", **_GROOVE_TOLD}),
            "repeated": (
                200,
                {"code": 200, "status": "Success - duplicate request", **_GROOVE_TOLD},
            ),
            "unknown": (200, {"code": 102}),
            "settled": (200, {"code": 110}),
            "another player's": (200, {"code": 400, "status": "transaction operator mismatch"}),
            "wrong signature": (200, {"code": 1}),
            "malformed": (200, {"code": 400, "apiversion": "1.2"}),
            "away": (200, {"code": 1}),
        },
        method="GET",
    ),
)
