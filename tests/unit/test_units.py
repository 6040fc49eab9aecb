"""What is decided in one transaction is never split."""

from tests.making import batch_of, cancel_of
from unbet.core.message import Cancel
from unbet.wallets.units import chunks_of, units_of


def references(some: list[list[Cancel]]) -> list[str]:
    return ["".join(cancel.reference for cancel in one) for one in some]


def test_a_unit_is_a_cancel_or_all_cancels_of_a_request() -> None:
    first, second, third = batch_of(*"abc")
    group = [cancel_of("x"), first, cancel_of("y"), second, third, cancel_of("x")]
    assert references(units_of(group)) == ["x", "abc", "y", "x"]


def test_no_chunk_splits_a_unit_and_only_a_larger_unit_is_a_larger_chunk() -> None:
    group = [
        cancel_of("x"),
        *batch_of(*"abc"),
        cancel_of("y"),
        *batch_of(*"defgh"),
        cancel_of("z"),
    ]
    assert references(list(chunks_of(group, 4))) == ["xabc", "y", "defgh", "z"]
    assert references(list(chunks_of(group, 5))) == ["xabcy", "defgh", "z"]
    assert references(list(chunks_of(group, 100))) == ["xabcydefghz"]
    assert references(list(chunks_of([], 4))) == []
