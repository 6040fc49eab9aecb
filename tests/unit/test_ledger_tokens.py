"""The tokens of the ledger over HTTP, read from their variable."""

from unbet.runtime.ledger_tokens import Right, digest_of, read_tokens

FIRST, SECOND = "first-" + "x" * 32, "second-" + "x" * 32


def test_each_has_its_rights_and_two_may_have_one_name_while_one_replaces_the_other() -> None:
    first, second, other = read_tokens(
        f"games:bets+read:{FIRST}, games:bets+read:{SECOND},,desk:money:{FIRST}=="
    )
    assert (first.name, second.name, other.name) == ("games", "games", "desk")
    assert first.rights == second.rights == {Right.BETS, Right.READ}
    assert other.rights == {Right.MONEY}
    assert second.digest == digest_of(SECOND.encode())


def test_a_token_is_not_kept_and_its_hash_is_not_shown() -> None:
    (token,) = read_tokens(f"games:bets:{FIRST}")
    assert FIRST not in repr(vars(token))
    assert repr(token.digest) not in repr(token)
