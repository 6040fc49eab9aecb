"""The codes and fields of each dialect that a wrong endpoint needs."""

from typing import Any

AGAIN: dict[str, Any] = {
    "bgaming": (500, 500),
    "hub88": "RS_ERROR_UNKNOWN",
    "caleta": "RS_ERROR_TIMEOUT",
    "pragmatic": 100,
    "evolution": "TEMPORARY_ERROR",
    "gitslotpark": 1,
    "groove": 1,
}
"""Codes after which the provider sends again; GitSlotPark has none."""

FINAL: dict[str, Any] = {
    "bgaming": (400, 400),
    "hub88": "RS_ERROR_TRANSACTION_ROLLED_BACK",
    "caleta": "RS_ERROR_TRANSACTION_DOES_NOT_EXIST",
    "pragmatic": 120,
    "evolution": "FINAL_ERROR_ACTION_FAILED",
    "gitslotpark": 1,
    "groove": 110,
}
"""Codes that end the matter; Groove has none but success."""

_TOKENS = dict.fromkeys(("hub88", "caleta", "pragmatic"), "token")
SESSIONS = {**_TOKENS, "evolution": "sid", "groove": "gamesessionid"}
ROUNDS = {
    "bgaming": "game_id",
    **dict.fromkeys(("hub88", "caleta"), "round"),
    "pragmatic": "roundId",
    "evolution": "game.id",
    "groove": "roundid",
}
_USERS = dict.fromkeys(("hub88", "caleta"), "user")
OPTIONAL = {**_USERS, "pragmatic": "amount", "bgaming": "finished", "groove": "roundid"}
