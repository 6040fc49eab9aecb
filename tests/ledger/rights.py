"""Every right that a role has in the database, and those that it ought to have.

A table, sequence or function without a line here turns the test red, and so does a right too many.
"""

from typing import Final

from sqlalchemy import Connection, text

Rights = dict[str, dict[str, str]]
"""What each role may do with each object; a role that may do nothing is left out."""

RECEIVER, WORKER, OPERATOR = "unbet_receiver", "unbet_worker", "unbet_operator"
CONSOLE, RETENTION = "unbet_console", "unbet_retention"
ALL_ROLES: Final = (RECEIVER, WORKER, OPERATOR, CONSOLE, RETENTION)

_PARK: Final = (
    "INSERT (request_id, provider, reference, cancel, state, reason, last_error, next_try_at, "
    "batch)"
)
_INTERVENE: Final = "INSERT (request_id, provider, reference, action, made_by, reason)"

RIGHTS: Final[Rights] = {
    # PostgreSQL's own defaults for everybody, which are the operator's to change.
    "the database": dict.fromkeys((*ALL_ROLES, "public"), "CONNECT, TEMPORARY"),
    "public": dict.fromkeys((*ALL_ROLES, "public"), "USAGE"),
    "unbet": dict.fromkeys(ALL_ROLES, "USAGE"),
    "unbet_ledger": dict.fromkeys(ALL_ROLES, "USAGE"),
    "unbet.alembic_version": dict.fromkeys(ALL_ROLES, "SELECT"),
    "unbet_ledger.players": {
        OPERATOR: "SELECT, INSERT (user_id, frozen_at), UPDATE (frozen_at)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.accounts": {
        WORKER: "SELECT, UPDATE (balance)",
        OPERATOR: "SELECT, INSERT (owner, currency, kind, balance), UPDATE (balance)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.bets": {
        RECEIVER: "SELECT (provider, reference, state, user_id, currency, outcome, "
        "cancel_request_id, reversal_id, cash_after)",
        WORKER: "SELECT, INSERT (provider, reference, state, user_id, currency, outcome, "
        "cancelled_at, cancel_request_id, cash_after), UPDATE (state, outcome, cancelled_at, "
        "cancel_request_id, reversal_id, cash_after)",
        OPERATOR: "SELECT, INSERT (provider, reference, state, user_id, currency, amount, outcome, "
        "cancelled_at, cancel_request_id, cash_after, round_id), UPDATE (state, refusal, outcome, "
        "cancelled_at, cancel_request_id, cash_after)",
        CONSOLE: "SELECT, INSERT (provider, reference, state, user_id, currency, outcome, "
        "cancelled_at, cancel_request_id, cash_after), UPDATE (outcome, cancelled_at, "
        "cancel_request_id, cash_after)",
    },
    "unbet_ledger.cancelled_rounds": {
        WORKER: "SELECT, INSERT (provider, round_id, user_id, currency, outcome, "
        "cancel_request_id, cash_after)",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.late_bets": {
        RECEIVER: "SELECT (id)",
        OPERATOR: "SELECT, INSERT (provider, reference, user_id, currency, amount)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.transfers": {
        WORKER: "SELECT, INSERT (kind, bet_id)",
        OPERATOR: "SELECT, INSERT (id, kind, bet_id)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.entries": {
        WORKER: "SELECT, INSERT (transfer_id, account_id, amount, balance_after)",
        OPERATOR: "SELECT, INSERT (transfer_id, account_id, amount, balance_after)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.deposits": {
        OPERATOR: "SELECT, INSERT (reference, user_id, currency, kind, amount, transfer_id)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.wins": {
        OPERATOR: "SELECT, INSERT (provider, reference, bet_reference, amount, refusal, "
        "transfer_id)",
        CONSOLE: "SELECT",
    },
    "unbet.routes": {
        RECEIVER: "SELECT (provider, wallet)",
        WORKER: "SELECT, INSERT (provider, wallet)",
        OPERATOR: "SELECT, INSERT (provider, wallet), DELETE",
        CONSOLE: "SELECT",
    },
    "unbet.asked": {
        WORKER: "SELECT, INSERT (provider, reference, of_round), UPDATE (open), DELETE",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.operations": {
        OPERATOR: "SELECT, INSERT (kind, reference, user_id, currency, balance_type, amount, "
        "reason, made_by, transfer_id)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.refused_operations": {
        OPERATOR: "SELECT, INSERT (kind, reference, refusal)",
        CONSOLE: "SELECT",
    },
    "unbet_ledger.withdrawal_ends": {
        OPERATOR: "SELECT, INSERT (reference, kind, transfer_id)",
        CONSOLE: "SELECT",
    },
    "unbet.watched": {
        RECEIVER: "SELECT (look_at)",
        WORKER: "SELECT, INSERT (request_id, provider, reference, cancel, look_at), "
        "UPDATE (looks, look_at, taken_at), DELETE",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
    },
    "unbet.found_late": {
        RECEIVER: "SELECT (outcome)",
        WORKER: "SELECT, INSERT (request_id, provider, reference, outcome, wallet_ref)",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
    },
    "unbet.requests": {
        RECEIVER: "SELECT (request_id, provider, reference, outcome, decided_at, wallet, "
        "wallet_ref, cash, replayed, of_round)",
        WORKER: "SELECT (request_id, provider, reference, user_id, currency, outcome, decided_at, "
        "wallet_ref, cash, replayed, amount, of_round), "
        "INSERT (request_id, provider, reference, user_id, currency, uuid, dialect, received_at, "
        "received_from, body, outcome, wallet, wallet_ref, cash, replayed, is_only_memory, batch, "
        "amount, of_round)",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
        RETENTION: "SELECT (request_id, decided_at, is_only_memory), DELETE",
    },
    "unbet.answers": {
        RECEIVER: "SELECT (request_id), INSERT (request_id, shared_request_id, uuid, received_at, "
        "received_from, outcome, seconds, code)",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
        RETENTION: "SELECT (request_id, answered_at), DELETE",
    },
    "unbet.parked": {
        RECEIVER: f"SELECT (request_id, state, reason, parked_at), {_PARK}",
        WORKER: f"SELECT, {_PARK}, UPDATE (state, reason, tries, last_error, parked_at, "
        "next_try_at), DELETE",
        OPERATOR: f"SELECT, {_PARK}, UPDATE (state, tries, next_try_at)",
        CONSOLE: "SELECT, UPDATE (state, tries, next_try_at)",
    },
    "unbet.parkings": {
        WORKER: "SELECT (request_id), INSERT (request_id, provider, reference, reason, tries, "
        "last_error, parked_at)",
        OPERATOR: "SELECT",
        CONSOLE: "SELECT",
        RETENTION: "SELECT (request_id, decided_at), DELETE",
    },
    "unbet.interventions": {
        OPERATOR: f"SELECT, {_INTERVENE}",
        CONSOLE: f"SELECT, {_INTERVENE}",
    },
    "unbet.deployment": dict.fromkeys((RECEIVER, WORKER, OPERATOR, CONSOLE), "SELECT"),
    "unbet.deployment_number_seq": {},
    "unbet_ledger.transfers_id_seq": {WORKER: "SELECT", OPERATOR: "USAGE, SELECT"},
    "unbet_ledger.accounts_id_seq": {WORKER: "SELECT", OPERATOR: "SELECT"},
    "unbet_ledger.bets_id_seq": {WORKER: "SELECT", OPERATOR: "SELECT"},
    "unbet_ledger.late_bets_id_seq": {WORKER: "SELECT", OPERATOR: "SELECT"},
    "unbet.interventions_id_seq": {WORKER: "SELECT", OPERATOR: "SELECT"},
    "unbet.refuse_change()": {},
    "unbet_ledger.require_balanced_transfers()": {},
    "unbet_ledger.require_closing()": {},
    "unbet_ledger.require_reopening()": {},
    "unbet_ledger.refuse_tombstone()": {},
}

_ASKED: Final = text("""
    WITH ours (name) AS (
        SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    ),
    allowed (object, role, place, privilege, columns) AS (
        SELECT format('%s.%s', relnamespace::regnamespace, relname), role, place, privilege,
               CASE WHEN NOT has_table_privilege(role, oid, privilege)
                    THEN (SELECT coalesce(string_agg(attname, ', ' ORDER BY attnum), 'none')
                            FROM pg_attribute
                           WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                             AND CASE WHEN place IN (1, 2, 3, 6)
                                      THEN has_column_privilege(role, attrelid, attnum, privilege)
                                 END)
               END
          FROM pg_class, unnest(CAST(:roles AS name[])) AS role,
               unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                            'TRIGGER', 'MAINTAIN'])
                   WITH ORDINALITY AS known (privilege, place)
         WHERE relnamespace IN (SELECT name FROM ours) AND relkind IN ('r', 'p', 'v', 'm', 'f')
        UNION ALL
        SELECT format('%s.%s', relnamespace::regnamespace, relname), role, place, privilege,
               CASE WHEN NOT has_sequence_privilege(role, oid, privilege) THEN 'none' END
          FROM pg_class, unnest(CAST(:roles AS name[])) AS role,
               unnest(ARRAY['USAGE', 'SELECT', 'UPDATE'])
                   WITH ORDINALITY AS known (privilege, place)
         WHERE relnamespace IN (SELECT name FROM ours) AND relkind = 'S'
        UNION ALL
        SELECT format('%s.%s()', pronamespace::regnamespace, proname), role, 1, 'EXECUTE',
               CASE WHEN NOT has_function_privilege(role, oid, 'EXECUTE') THEN 'none' END
          FROM pg_proc, unnest(CAST(:roles AS name[])) AS role
         WHERE pronamespace IN (SELECT name FROM ours)
        UNION ALL
        SELECT oid::regnamespace::text, role, place, privilege,
               CASE WHEN NOT has_schema_privilege(role, oid, privilege) THEN 'none' END
          FROM pg_namespace, unnest(CAST(:roles AS name[])) AS role,
               unnest(ARRAY['USAGE', 'CREATE']) WITH ORDINALITY AS known (privilege, place)
         WHERE oid IN (SELECT name FROM ours)
        UNION ALL
        SELECT 'the database', role, place, privilege,
               CASE WHEN NOT has_database_privilege(role, current_database(), privilege)
                    THEN 'none' END
          FROM unnest(CAST(:roles AS name[])) AS role,
               unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY'])
                   WITH ORDINALITY AS known (privilege, place)
    )
    SELECT object, role,
           string_agg(privilege || coalesce(' (' || columns || ')', ''), ', ' ORDER BY place)
               FILTER (WHERE columns IS DISTINCT FROM 'none') AS rights
      FROM allowed
     GROUP BY object, role
     ORDER BY object
""")


def rights_of(connection: Connection) -> Rights:
    """What is possible now to each role, and to anybody."""
    found: Rights = {}
    for row in connection.execute(_ASKED, {"roles": [*ALL_ROLES, "public"]}):
        rights = found.setdefault(row.object, {})
        if row.rights:
            rights[row.role] = row.rights
    return found
