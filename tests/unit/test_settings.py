"""Settings: a wrong value stops the start with a sentence that names the variable.

(Over 250 lines: a table of all wrong values.)
"""

import json
import os
import pty
import subprocess
import sys

import pytest

from unbet.runtime.environment import PREVENTS
from unbet.runtime.settings import (
    PROCESSES,
    Settings,
    SettingsError,
    SigningSettings,
    SweepSettings,
    load,
    unknown_names,
)

SECRET = "a-secret-not-to-be-shown"  # noqa: S105
GOOD = {
    "UNBET_DATABASE_URL": "postgresql://unbet:pw@db/unbet",
    "UNBET_BROKER_URL": "redis://queue:6379/0",
}


@pytest.fixture(autouse=True)
def _good_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("UNBET_DATABASE_URL", "mysql://db/unbet", "expected postgresql://"),
        ("UNBET_DATABASE_URL", "postgresql://db:port/unbet", "the port a number"),
        ("UNBET_BROKER_URL", "amqp://queue", "expected redis://"),
        ("UNBET_REDIS_URL", "queue:6379", "expected redis://"),
        ("UNBET_DEPLOYMENT", "staging", "UUID"),
        ("UNBET_URL_SECRET", "short", "at least 16 characters"),
        ("UNBET_URL_SECRET", "with/a/slash/in/it", "at least 16 characters"),
        ("UNBET_PROVIDER_ID", "", "at least 1 character"),
        ("UNBET_PROVIDER_ID", " \t", "a name that is not blank"),
        ("UNBET_DIALECT", "esperanto", "lucky-monaco-v4"),
        ("UNBET_ENDPOINTS", "{", "expected JSON as"),
        ("UNBET_ENDPOINTS", "[]", "expected JSON as"),
        ("UNBET_ENDPOINTS", "[" * 100_000, "expected JSON as"),
        ("UNBET_ENDPOINTS", '{"short": {"provider": "P"}}', "endpoint 1: its secret: expected"),
        ("UNBET_ENDPOINTS", f'{{"{SECRET}": {{}}}}', "endpoint 1: provider: Field required"),
        ("UNBET_ENDPOINTS", f'{{"{SECRET}": {{"provider": " "}}}}', "endpoint 1: provider"),
        ("UNBET_ENDPOINTS", f'{{"{SECRET}": {{"provider": "P", "x": 1}}}}', "endpoint 1: x"),
        (
            "UNBET_ENDPOINTS",
            f'{{"{SECRET}": {{"provider": "P"}}, "{SECRET}2": {{"provider": "p"}}}}',
            "endpoint 2: its provider is spelt 'P' elsewhere",
        ),
        (
            "UNBET_ENDPOINTS",
            f'{{"{SECRET}": {{"provider": "P", "until": "2027-01-01T00:00:00"}}}}',
            "endpoint 1: until",
        ),
        (
            "UNBET_ENDPOINTS",
            f'{{"{SECRET}": {{"provider": "P"}}, "{SECRET}": {{"provider": "Q"}}}}',
            "more than once",
        ),
        ("UNBET_MESSAGE_KEY", "short", "at least 32 characters"),
        ("UNBET_MESSAGE_KEY", f"{'k' * 32},", "at least 32 characters"),
        ("UNBET_ALLOWED_IPS", "anywhere", "network"),
        ("UNBET_TRUSTED_PROXIES", "10.0.0.1/8", "network"),
        ("UNBET_OPS_ALLOWED_IPS", "127.0.0.1/8, 10.0.0.0/99", "network"),
        ("UNBET_UNKNOWN_REFERENCE", "maybe", "'tombstone' or 'hold'"),
        ("UNBET_ANSWER_DEADLINE_S", "10", "less than 10"),
        ("UNBET_ANSWER_DEADLINE_S", "soon", "number"),
        ("UNBET_GROUP_SIZE", "0", "greater than or equal to 1"),
        ("UNBET_GROUPS_IN_FLIGHT", "many", "integer"),
        ("UNBET_MAX_WAITING", "-1", "greater than or equal to 1"),
        ("UNBET_PORT", "99999", "less than or equal to 65535"),
        ("UNBET_FLOWER_BASIC_AUTH", "unbet:too-short", "password of at least 12 characters"),
        ("UNBET_FLOWER_BASIC_AUTH", ":a-password-without-user", "expected user:password"),
        ("UNBET_FLOWER_BASIC_AUTH", "unbet:pässwörter-in-latin", "in ASCII"),
        ("UNBET_CONSOLE_PORT", "-1", "greater than or equal to 0"),
        ("UNBET_CONSOLE_BASIC_AUTH", SECRET, "login 1: expected a password"),
        ("UNBET_CONSOLE_BASIC_AUTH", f":{SECRET}", "login 1: expected user:password"),
        ("UNBET_CONSOLE_BASIC_AUTH", f"a:{SECRET},b:short", "login 2: expected a password"),
        ("UNBET_CONSOLE_BASIC_AUTH", f"a:{SECRET},a:{SECRET}", "more than once"),
        ("UNBET_CONSOLE_BASIC_AUTH", f"{'a' * 101}:{SECRET}", "login 1: expected user:password"),
        ("UNBET_CONSOLE_HOSTS", "https://console.example", "expected names"),
        ("UNBET_CONSOLE_METRICS_URLS", "receiver:8080", "expected http://"),
        ("UNBET_CONSOLE_METRICS_URLS", "http:///metrics", "expected http://"),
        ("UNBET_CONSOLE_METRICS_URLS", "http://[::1/metrics", "expected http://"),
        ("UNBET_CONSOLE_METRICS_URLS", f"http://a:{SECRET}@receiver:x/metrics", "a number"),
        ("UNBET_LEDGER_TOKENS", SECRET, "token 1: expected name:rights:token"),
        (
            "UNBET_LEDGER_TOKENS",
            f"a:bets:{SECRET * 2},b:all:{SECRET * 2}",
            "token 2: expected rights",
        ),
        ("UNBET_LEDGER_TOKENS", f"a::{SECRET * 2}", "token 1: expected rights"),
        ("UNBET_LEDGER_TOKENS", f"a:bets+read:{'k' * 31}", "at least 32 characters"),
        ("UNBET_LEDGER_TOKENS", f"a:bets:{SECRET * 2} ,b:read:{'k' * 32}!", "token 2: expected at"),
        ("UNBET_LEDGER_PORT", "99999", "less than or equal to 65535"),
        ("UNBET_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("UNBET_ENDPOINTS_FILE", "nowhere.toml", "see docs/deployment.md"),
    ],
)
def test_a_wrong_value_is_refused_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load(Settings)
    assert f"{name} has a wrong value" in str(refused.value)
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)
    assert "](" not in str(refused.value), "a link of Markdown"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("UNBET_ALOWED_IPS", "is UNBET_ALLOWED_IPS meant?"),
        ("UNBET_MESSAGE_KEYS", "is UNBET_MESSAGE_KEY meant?"),
        ("unbet_prot", "is UNBET_PORT meant?"),
        ("UNBET_SERVICE_OF_MINE", "is no setting and is ignored."),
    ],
)
def test_a_name_that_no_setting_has_is_told_with_the_nearest_one(name: str, said: str) -> None:
    [told] = unknown_names([name, "PATH", "UNBET_PORT", "unbet_port"])
    assert told.startswith(f"{name} is no setting and is ignored")
    assert told.endswith(said)


def test_settings_and_what_tests_use_are_no_unknown_names() -> None:
    known = [f"UNBET_{name.upper()}" for name in Settings.model_fields]
    assert unknown_names([*known, "UNBET_TEST", "UNBET_TEST_CRASH_AT", "HOME"]) == []


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        load(Settings)


def test_no_sentence_and_no_representation_shows_a_password_or_the_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNBET_URL_SECRET", "a-secret-not-to-be-shown")
    assert "a-secret-not" not in repr(load(Settings))
    assert "pw" not in repr(load(Settings))
    monkeypatch.setenv("UNBET_URL_SECRET", "too/secret")
    monkeypatch.setenv("UNBET_DATABASE_URL", "mysql://unbet:hunter2@db/unbet")
    with pytest.raises(SettingsError) as refused:
        load(Settings)
    assert "too/secret" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_defaults_are_those_of_the_interface() -> None:
    chosen = load(Settings)
    assert chosen.redis_url == chosen.broker_url
    assert (chosen.provider_id, chosen.dialect) == ("LuckyMonaco", "lucky-monaco-v4")
    assert (chosen.answer_deadline_s, chosen.unknown_reference) == (8, "tombstone")
    assert (chosen.host, chosen.port, chosen.flower_port) == ("127.0.0.1", 8080, 5555)


@pytest.mark.parametrize(
    ("wallet", "of_an_endpoint", "places", "processes"),
    [
        ("ledger", "sql", "2", "2"),
        ("ledger", "http", "4", "4"),
        ("my.module:make", "ledger", "4", "4"),
    ],
)
def test_there_is_more_at_a_time_where_a_wallet_in_the_network_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, wallet: str, of_an_endpoint: str, places: str, processes: str
) -> None:
    monkeypatch.setenv("UNBET_WALLET", wallet)
    endpoint = {"provider": "A", "wallet": of_an_endpoint}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps({SECRET: endpoint}))
    chosen = "from unbet.runtime.settings import ReceiverSettings, load;"
    script = f"{chosen} import celeryconfig; print(load(ReceiverSettings).places(), "
    script += "celeryconfig.worker_concurrency)"
    printed = subprocess.check_output([sys.executable, "-c", script], text=True, timeout=30)
    assert printed.split() == [places, processes]
    monkeypatch.setenv("UNBET_GROUPS_IN_FLIGHT", "3")
    assert load(Settings).places() == 3


def test_every_setting_says_what_it_is_for_and_what_it_prevents() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra[PREVENTS], name


def test_every_setting_is_read_by_a_process() -> None:
    read = {name for kind in PROCESSES.values() for name in kind.model_fields}
    assert read == set(Settings.model_fields)


def test_a_process_reads_only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNBET_BROKER_URL")
    monkeypatch.setenv("UNBET_GROUP_SIZE", "many")
    monkeypatch.setenv("UNBET_CONSOLE_BASIC_AUTH", SECRET)
    assert load(SweepSettings).database_url == GOOD["UNBET_DATABASE_URL"]
    assert load(SigningSettings).message_key == ()
    with pytest.raises(SettingsError) as refused:
        load(PROCESSES["receiver"])
    named = [line.split()[0] for line in str(refused.value).splitlines()]
    assert sorted(named) == ["UNBET_BROKER_URL", "UNBET_GROUP_SIZE", "UNBET_REDIS_URL"]


def test_endpoints_win_over_the_one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).by_secret() == {}
    monkeypatch.setenv("UNBET_URL_SECRET", SECRET)
    monkeypatch.setenv("UNBET_PROVIDER_ID", "Only")
    assert {secret: e.provider for secret, e in load(Settings).by_secret().items()} == {
        SECRET: "Only"
    }
    other = "another-secret-of-the-url"
    monkeypatch.setenv(
        "UNBET_ENDPOINTS",
        f'{{"{other}": {{"provider": "P", "dialect": "lucky-monaco-v1",'
        '"until": "2027-01-01T00:00:00Z"}}',
    )
    ((secret, endpoint),) = load(Settings).by_secret().items()
    assert (secret, endpoint.provider, endpoint.dialect) == (other, "P", "lucky-monaco-v1")
    assert endpoint.until is not None
    assert other not in repr(load(Settings))


def test_without_a_message_key_there_is_nothing_to_sign_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match="UNBET_MESSAGE_KEY is not set"):
        load(Settings).keys()
    monkeypatch.setenv("UNBET_MESSAGE_KEY", f"{'a' * 32}, {'b' * 32}")
    chosen = load(Settings)
    assert chosen.keys().sign("x", "y") == load(Settings).keys().sign("x", "y")
    assert "aaa" not in repr(chosen)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("2001:db8::5", "http://[2001:db8::5]:8080"),
        ("10.0.0.5", "http://10.0.0.5:8080"),
        ("receiver.internal", "http://receiver.internal:8080"),
    ],
)
def test_a_receiver_is_reached_at_the_address_it_listens_on(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    monkeypatch.setenv("UNBET_HOST", host)
    assert load(Settings).receiver_url() == url


def test_logs_are_json_unless_standard_error_is_a_terminal() -> None:
    ask = "from unbet.runtime.variables import LogSettings; print(LogSettings().log_format)"
    environment = {name: value for name, value in os.environ.items() if name != "UNBET_LOG_FORMAT"}
    leader, terminal = pty.openpty()
    try:
        said = [
            subprocess.run(
                [sys.executable, "-c", ask],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                check=True,
            ).stdout.strip()
            for stderr in (subprocess.DEVNULL, terminal)
        ]
    finally:
        os.close(leader)
        os.close(terminal)
    assert said == ["json", "console"]
