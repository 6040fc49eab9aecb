"""Renders templates. Text from outside is escaped there."""

from pathlib import Path
from typing import Final

from jinja2 import StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from unbet.console import format
from unbet.console.forms import Tokens
from unbet.core.money import amount
from unbet.core.text import plain
from unbet.history.timeline.phrases import because

HERE: Final = Path(__file__).parent


class Pages:
    """Renders a page for the person who asks, with a token for its forms."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._templates = Jinja2Templates(HERE / "templates")
        environment = self._templates.env
        # A misspelt name is an error, not an empty cell.
        environment.undefined = StrictUndefined
        environment.trim_blocks = environment.lstrip_blocks = True
        environment.finalize = _shown
        environment.filters |= {
            "moment": format.moment,
            "exact": format.exact,
            "because": _because,
            "count": format.count,
            "amount": amount,
        }

    def page(self, request: Request, name: str, status: int = 200, **shown: object) -> Response:
        """The template `name`, filled with `shown`."""
        user = request.user.display_name

        def here(page: str) -> str:
            return Markup('aria-current="page"') if page == name else ""

        common = {"user": user, "token": self._tokens.make(user), "words": "", "here": here}
        return self._templates.TemplateResponse(
            request, f"{name}.html", common | shown, status_code=status
        )

    def failed(self, request: Request, status: int, title: str, detail: str) -> Response:
        """A page that says what went wrong."""
        return self.page(request, "failed", status, title=title, detail=detail)


def _because(reason: str) -> str:
    return because(reason).removeprefix("because ")


def _shown(value: object) -> object:
    """Characters that would turn or hide what stands beside them are shown as what they are."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
