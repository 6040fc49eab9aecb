"""How the lines of an import are grouped for the set-based operations, with the result unchanged.

Two lines depend on each other when they concern the same player, bet, deposit or win. A line goes
into the earliest stage of its kind that is not before a stage with a line it depends on; a stage
keeps the lines' order.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from unbet.cli.import_lines import Line
from unbet.cli.instructions import (
    BetInstruction,
    DepositInstruction,
    FreezeInstruction,
    Instruction,
    SettleInstruction,
)

MAX_STAGES: Final = 32
"""Each stage is some statements, and a transaction's locks bar cancels of the same players."""

BetKey = tuple[str, str]
"""Provider and reference."""

Concern = tuple[str, ...]


@dataclass
class Stage:
    """Lines of one kind that are executed together, in their order."""

    kind: type[Instruction]
    numbers: list[int] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)


def arrange(
    lines: Sequence[Line], players: Mapping[BetKey, str]
) -> tuple[list[Stage], Sequence[Line]]:
    """The stages of `lines`, and the lines that they cover: the first ones, if not all.

    `players` tells whose the bets are that were placed before these lines.
    """
    owners = _owners(lines, players)
    stages: list[Stage] = []
    of_kind: defaultdict[type[Instruction], list[int]] = defaultdict(list)
    last: dict[Concern, int] = {}
    for covered, line in enumerate(lines):
        if line.instruction is None:
            continue
        concerns = _concerns(line.instruction, owners)
        earliest = max((last[concern] for concern in concerns if concern in last), default=0)
        kind = type(line.instruction)
        places = of_kind[kind]
        at = bisect_left(places, earliest)
        if at == len(places):
            if len(stages) == MAX_STAGES:
                return stages, lines[:covered]
            places.append(len(stages))
            stages.append(Stage(kind))
        stage = stages[places[at]]
        stage.numbers.append(line.number)
        stage.instructions.append(line.instruction)
        last |= dict.fromkeys(concerns, places[at])
    return stages, lines


def settled_bets(lines: Sequence[Line]) -> set[BetKey]:
    """The bets that `lines` settle."""
    return {
        (line.instruction.provider, line.instruction.reference)
        for line in lines
        if isinstance(line.instruction, SettleInstruction)
    }


def _owners(lines: Sequence[Line], players: Mapping[BetKey, str]) -> Mapping[BetKey, set[str]]:
    """Whose each bet is or may become: a settlement does not name its player."""
    owners: defaultdict[BetKey, set[str]] = defaultdict(set)
    for key, user in players.items():
        owners[key].add(user)
    for line in lines:
        if isinstance(line.instruction, BetInstruction):
            owners[line.instruction.provider, line.instruction.reference].add(line.instruction.user)
    return owners


def _concerns(instruction: Instruction, owners: Mapping[BetKey, set[str]]) -> list[Concern]:
    match instruction:
        case DepositInstruction(user=user, reference=reference):
            return [("player", user), ("deposit", reference)]
        case BetInstruction(user=user, provider=provider, reference=reference):
            return [("player", user), ("bet", provider, reference)]
        case SettleInstruction(provider=provider, reference=reference):
            win = ("win", provider, instruction.win_reference or reference)
            owned = [("player", user) for user in owners[provider, reference]]
            return [("bet", provider, reference), win, *owned]
        case FreezeInstruction(user=user):
            return [("player", user)]
