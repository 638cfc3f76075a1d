"""The ports of this service's instance, as its Python code asks for them.

Nothing here does anything by itself. Each function is a generator that yields what it asks for, as a tuple,
up to the sidecar, which does it at the instance's own port and sends the result back in. So the code says

    row = yield from get("shipments", order_id)

and waits as any code of the shop waits: within the same transaction, on the same clock, with the same faults.
A port that fails raises here; a handler that does not catch it ends with that very failure.
"""


class PortFailed(Exception):
    """A port failed (a database that is full, say). The sidecar keeps the failure itself, to pass it on."""


class Cancelled(BaseException):
    """Whoever asked gave up. Not an Exception: nobody is to swallow it."""


class Refused(Exception):
    """What a model raises inside a transaction: the transaction is aborted, the caller gets the problem."""

    def __init__(self, refusal):
        super().__init__(refusal["detail"])
        self.refusal = refusal


# In a transaction.


def get(table, key):
    """The row with this key, or None."""
    return (yield "get", table, key)


def put(table, row):
    """Stores a row in place of the one with its key."""
    return (yield "put", table, row)


def list_rows(table, **options):
    """Rows in the order of the key or of an index: index, equals, from_, to, limit, reverse."""
    if "from_" in options:
        options["from"] = options.pop("from_")
    return (yield "list", table, options)


def publish(topic, type, key, data, span):
    """Puts an event into the outbox: it leaves if the transaction commits."""
    return (yield "publish", topic, type, key, data, span)


def claim_lease(name, lease_ms):
    """A fencing number, or None when another instance holds the lease."""
    return (yield "claim-lease", name, lease_ms)


# Anywhere.


def now():
    """The moment: microseconds of run time."""
    return (yield "now",)


def uniform(purpose, *keys):
    """A draw in [0, 1) that depends on nothing but the run's seed, the purpose and the keys."""
    return (yield "uniform", purpose, keys)


def settings(section):
    """A section of the run's settings as they are now."""
    return (yield "settings", section)


# Outside a transaction.


def sleep(milliseconds):
    return (yield "sleep", milliseconds)


def wake_relay():
    """The outbox has something: its relay is to look at once, not at its next poll."""
    return (yield "wake-relay",)


def transact(operation, tables, mode, body):
    """Runs the generator `body` in one transaction: all of it happens or none."""
    yield "begin", operation, tables, mode
    try:
        result = yield from body
    except BaseException as error:
        yield "abort", describe(error)
        raise
    yield "commit",
    return result


def describe(error):
    """What the sidecar is told of an exception that nobody caught."""
    if isinstance(error, Refused):
        return {"kind": "refused", "refusal": error.refusal}
    if isinstance(error, (PortFailed, Cancelled)):
        return {"kind": "port"}
    return {"kind": "bug", "traceback": traceback_of(error)}


def traceback_of(error):
    import io
    import sys

    lines = io.StringIO()
    sys.print_exception(error, lines)
    return lines.getvalue().rstrip()
