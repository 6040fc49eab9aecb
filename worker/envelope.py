"""What comes around a group's message. Nobody signs it, and Celery acts on it before the task looks
at a signature: it is shown what is known here, of the form that our own messages have, and nothing
else."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unbet.core.message import QUEUE, TASK, MessageError

_Id = Annotated[str, Field(pattern=r"^[0-9a-zA-Z-]{1,64}$")]
_Shown = Annotated[str, Field(max_length=4096)]


class _Headers(BaseModel):
    """Those of Celery's that a worker goes by, and ours."""

    model_config = ConfigDict(strict=True, extra="ignore")

    task: Literal["unbet.cancel"]
    id: _Id
    root_id: _Id | None = None
    parent_id: _Id | None = None
    retries: Annotated[int, Field(ge=0)] = 0
    expires: None = None
    timelimit: Annotated[list[None], Field(min_length=2, max_length=2)] | None = None
    ignore_result: bool | None = None
    argsrepr: _Shown | None = None
    kwargsrepr: _Shown | None = None
    origin: _Shown | None = None
    unbet_oldest: Annotated[float, Field(allow_inf_nan=False)] | None = None


def admit(message: Any) -> None:
    """Leave of kombu's `message` what may be handed on. Raises `MessageError`, or whatever a body
    that cannot be decoded raises."""
    headers = _known(message.headers)
    _require_one_text(message.payload)  # decoded here once: Celery asks for the same
    message.headers = headers
    message.properties = {}
    message.delivery_info = {"exchange": "", "routing_key": QUEUE}


def _known(headers: dict[str, Any]) -> dict[str, Any]:
    try:
        return _Headers.model_validate(headers).model_dump(exclude_unset=True)
    except ValidationError as error:
        wrong = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False)})
        raise MessageError(f"headers that no group has: {', '.join(wrong)}") from None


def _require_one_text(payload: Any) -> None:
    match payload:
        case [[str()], dict(named), dict(embedded)] if not named and not any(embedded.values()):
            return
    raise MessageError(f"not the one text that {TASK} takes")
