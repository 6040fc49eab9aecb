"""The README's examples do what they say."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import unbet
from tests.making import PROVIDER, Operator, cancel_of, note_answer
from tests.ops.conftest import Unbet
from tests.wallets.contract import outcomes
from unbet.cli.main import build
from unbet.core.outcomes import Outcome
from unbet.dialects.lucky_monaco import EXAMPLE
from unbet.wallets.checked import CheckedWallet

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("*/README.md"))
README = (ROOT / "README.md").read_text()


def block(language: str, having: str = "") -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return next(one for one in found if having in one)


class TheirCasino:
    """What the README's wallet is made of."""

    def roll_back(self, *bet: str) -> Outcome:
        assert bet == (PROVIDER, "r1", "alice", "EUR")
        return Outcome.REVERSED


def test_the_wallet_in_python_decides() -> None:
    names: dict[str, Any] = {"casino": TheirCasino()}
    exec(block("python", "class CasinoWallet"), names)  # noqa: S102 - it is our own README
    wallet = CheckedWallet(names["make"](None, hold_unknown=False, parked=False))
    assert outcomes(wallet, cancel_of("r1")) == [Outcome.REVERSED]


def test_the_python_example_places_a_bet(operator: Operator, database_url: str) -> None:
    operator.deposit("100.00", user_id="123456", currency="USD")
    example = re.sub(
        r"postgresql://[^\"]*",
        database_url,
        block("python", "place_bet"),
    )
    names: dict[str, object] = {}
    exec(example, names)  # noqa: S102 - it is our own README
    assert names["result"] == unbet.Result(status=unbet.Status.DONE)
    assert operator.balance("123456", "USD").cash == 90
    names["engine"].dispose()  # type: ignore[attr-defined]


def test_the_lines_to_import_are_all_done(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "bets.jsonl"
    file.write_text(block("json"))
    result = CliRunner().invoke(
        build(), ["import", str(file)], env={"UNBET_DATABASE_URL": database_url}
    )
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["done"] * 3


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *DOCS, *EXAMPLES], ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_stands_for_the_shell_can_be_pasted(page: Path) -> None:
    for lines in re.findall(r"```(?:sh|bash)\n(.*?)```", page.read_text(), re.DOTALL):
        assert not re.search(r"<[\w ]+>", lines), "a shell reads a redirection there"
        read = subprocess.run(["bash", "-n"], input=lines, text=True, capture_output=True)
        assert (read.returncode, read.stderr) == (0, "")


def test_the_concepts_show_the_same_path_and_the_same_answers() -> None:
    concepts = (ROOT / "docs" / "concepts.md").read_text()
    diagram = re.search(r"```\n( provider .*?)```", README, re.DOTALL)
    table = re.search(r"\| what the cancel meets.*?\n\n", README, re.DOTALL)
    assert diagram
    assert diagram[0] in concepts
    assert table
    assert table[0] in concepts


def test_the_demonstrations_cancel_is_explained_as_it_is_shown(
    operator: Operator, unbet: Unbet
) -> None:
    operator.deposit("100.00", user_id="123456", currency="USD")
    operator.bet(EXAMPLE["reference"], "10.00", user_id="123456", currency="USD")
    cancel = cancel_of(
        EXAMPLE["reference"], user_id="123456", currency="USD", uuid=EXAMPLE["uuid"]
    ).model_copy(update={"received_from": "127.0.0.1"})
    operator.cancel(cancel)
    note_answer(operator.engine, cancel, 0, "9.015")  # after all that it tells

    shown = re.search(r"```\n(Cancelled once: .*?)```", README, re.DOTALL)

    assert shown
    assert without_times(shown[1]) == without_times(unbet("explain", EXAMPLE["reference"]).out)


def without_times(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d(\.\d{3})?|\d\.\d{3} s", "#", text)
