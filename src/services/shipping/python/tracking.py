"""Moves parcels on as run time passes. One instance does it, by lease; another takes over when it is gone."""

import news
from model import SHIPMENTS, advance_shipments
from ports import claim_lease, list_rows, now, settings, sleep, transact, uniform, wake_relay

LEASES = "leases"
LOOK_EVERY_MS = 250
LEASE_MS = 3000
AT_ONCE = 50


def look():
    now_us = yield from now()
    return (yield from list_rows(SHIPMENTS, index="nextAt", to=now_us, limit=1))


def advance(tracking):
    if (yield from claim_lease("tracking", LEASE_MS)) is None:
        return 0

    def delivery_fails(order_id):
        draw = yield from uniform("delivery-fails", order_id)
        return draw < tracking["failureShare"]

    return (yield from advance_shipments(tracking, delivery_fails, AT_ONCE))


def track():
    """Never ends."""
    while True:
        due = yield from transact("tracking look", (SHIPMENTS,), "readonly", look())
        if due:
            tracking = yield from settings("tracking")
            tables = (LEASES, SHIPMENTS) + news.TABLES
            moved = yield from transact("tracking advanced", tables, "readwrite", advance(tracking))
            if moved > 0:
                yield from wake_relay()
                continue
        yield from sleep(LOOK_EVERY_MS)
