"""How `unbet wallet check` speaks to an operator's command: a line of JSON out, one in, each within
a limit."""

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from testbed.provider import Player
from testbed.rules import NotTriedError
from testbed.wallet.command import Answer, Command
from testbed.wallet.command_operator import CommandOperator
from testbed.wallet.operator import OperatorError

ECHO = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(ANSWERS[request["do"]]), flush=True)
"""


@contextmanager
def speaking(program: str, limit_s: float = 10.0) -> Iterator[Command]:
    with Command(shlex.join([sys.executable, "-c", program]), limit_s) as command:
        yield command


def answering(**answers: object) -> str:
    return f"ANSWERS = {answers!r}\n{ECHO}"


def test_amounts_travel_as_text_and_come_back_exactly() -> None:
    program = answering(money={"cash": "0.000000000000000001", "bonus": "5"}, bet={"taken": False})
    with speaking(program) as command:
        operator = CommandOperator(command, "LuckyMonaco")
        held = operator.money(Player("alice", "EUR"))
        assert (held.cash, held.bonus) == (Decimal("1E-18"), Decimal(5))
        assert operator.bet(Player("alice", "EUR"), "r1", Decimal(4)) is False


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"cash": 10.25}, "cash: .*expected an amount as text"),
        ({"cash": "-1"}, "cash: .*expected an amount as text"),
        ({"cash": "1", "cache": "2"}, "cache: Extra inputs"),
        ([], "it: Input should be"),
    ],
)
def test_an_answer_of_another_form_is_named(answer: object, problem: str) -> None:
    with speaking(answering(money=answer)) as command, pytest.raises(OperatorError, match=problem):
        CommandOperator(command, "LuckyMonaco").money(Player("alice", "EUR"))


def test_what_a_command_cannot_do_is_not_tried() -> None:
    with (
        speaking(answering(freeze={"cannot": "nobody is frozen here"})) as command,
        pytest.raises(NotTriedError, match="the command cannot freeze: nobody is frozen here"),
    ):
        CommandOperator(command, "LuckyMonaco").freeze(Player("alice", "EUR"))


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    began = time.monotonic()
    with speaking("import sys; sys.stdin.read()", limit_s=0.3) as command:
        with pytest.raises(OperatorError, match=r'not answered {"do": "player"} within 0.3 s'):
            command.ask(Answer, "player")
        assert time.monotonic() - began < 5


def test_a_line_without_an_end_is_not_kept() -> None:
    endless = "while True: print('x' * 1000, end='')"
    with speaking(endless) as command, pytest.raises(OperatorError, match="no line of JSON"):
        command.ask(Answer, "player")


def test_a_command_that_dies_after_some_answers_is_told_with_its_status() -> None:
    dies = "import sys; input(); print('{}', flush=True); sys.exit(7)"
    with speaking(dies) as command:
        command.ask(Answer, "deposit")
        with pytest.raises(OperatorError, match=r'ended with status 7 at {"do": "money"}'):
            command.ask(Answer, "money")
