"""The ledger's URL is read as libpq reads it, and what is made of it says the same."""

import pytest

from unbet import connect_to
from unbet.database.roles import Role
from unbet.local.logins import Logins
from unbet.runtime.database_url import parameters_of, url_of

SECRET = "s%C3%A9cr%40t"  # noqa: S105 - made up

URLS = [
    f"postgresql://unbet:{SECRET}@db.example/unbet",
    f"postgres://unbet:{SECRET}@a:5432,b:5433/unbet?target_session_attrs=read-write",
    f"postgresql://unbet:{SECRET}@a,b:5433/unbet",
    f"postgresql://unbet:{SECRET}@[::1]:5433/unbet?sslmode=verify-full",
    f"postgresql://unbet:{SECRET}@[::1]:5433,127.0.0.1:5434/unbet",
    "postgresql://unbet@%2Fvar%2Frun%2Fpostgresql/unbet",
    "postgresql:///unbet?host=/var/run/postgresql&port=5433",
    f"postgresql://unbet:{SECRET}@db/unbet?hostaddr=127.0.0.1&options=-c%20search_path%3Dours",
    "postgresql:///?service=unbet",
]


@pytest.mark.parametrize("url", URLS)
def test_what_libpq_takes_reaches_it_unchanged(url: str) -> None:
    asked = parameters_of(url)
    assert parameters_of(url_of(asked)) == asked
    engine = connect_to(url, name="test")
    _, given = engine.dialect.create_connect_args(engine.url)
    told = {key: str(value) for key, value in given.items() if key != "context"}
    assert told.pop("port", "").lstrip(",") == asked.pop("port", "").lstrip(",")
    assert told == asked
    again = connect_to(engine.url.render_as_string(hide_password=False), name="test")
    assert again.dialect.create_connect_args(again.url)[1].get("host") == given.get("host")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://db/unbet", "expected postgresql://"),
        ("postgresql://db:port/unbet", "the port a number"),
        ("postgresql://a:1,b:2,c:3,d:99999/unbet", "the port a number"),
        (f"postgresql://unbet:{SECRET}%zz@db/unbet", "libpq cannot read it"),
        (f"postgresql://unbet:{SECRET}@db/unbet?sslmod=require", "libpq cannot read it"),
        ("postgresql://a,b,c/unbet?port=1,2", "a port for each host"),
        ("postgresql://db/unbet?target_session_attrs=writable", "to be any, read-write"),
    ],
)
def test_what_libpq_would_not_take_is_told_without_its_secrets(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        parameters_of(url)
    assert "cr" not in str(caught.value).replace("secret", "")


def test_what_is_empty_is_left_to_libpq() -> None:
    engine = connect_to("postgresql:///unbet?host=&port=", name="test")
    _, given = engine.dialect.create_connect_args(engine.url)
    assert not {"host", "port"} & given.keys()


def test_a_login_of_its_own_goes_to_the_same_hosts() -> None:
    logins = Logins(URLS[1], {Role.WORKER: "other"})
    expected = parameters_of(URLS[1]) | {"user": "unbet_worker_login", "password": "other"}
    assert parameters_of(logins.url(Role.WORKER)) == expected
