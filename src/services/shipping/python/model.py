"""The rules of parcels, as generators that run inside a transaction over the shipments and their news."""

import news
from contract import MAX_WEIGHT_G, zone_of
from moment import plus_ms, rfc3339
from ports import Refused, get, list_rows, now, put
from problem import problem
from tracking_number import carrier_of, tracking_number_of

SHIPMENTS = "shipments"

# Of these, nobody outside hears.
INSIDE = ("picked", "packed")


def is_shipment(row):
    """A row without a parcel is the tombstone of one that was cancelled before it came."""
    return row is not None and row["parcel"] is not None


def cancelled_before(order_id):
    return Refused(
        problem(
            409,
            "shipment-cancelled",
            "Shipment cancelled",
            f"The shipment of {order_id} was cancelled; it cannot be made again.",
        )
    )


def undeliverable(detail):
    return Refused(problem(422, "undeliverable", "Undeliverable", detail))


def change(row, status, next_at_us, span):
    """Writes a change with its history, and tells so (picking and packing stay inside)."""
    now_us = yield from now()
    changed = dict(row)
    changed.pop("nextAtUs", None)
    changed["status"] = status
    changed["sequence"] = row["sequence"] + 1
    changed["history"] = row["history"] + [{"status": status, "atUs": now_us}]
    if next_at_us is not None:
        changed["nextAtUs"] = next_at_us
    yield from put(SHIPMENTS, changed)
    if status not in INSIDE:
        parcel = changed["parcel"]
        fact = {
            "orderId": row["orderId"],
            "shipmentId": parcel["shipmentId"],
            "status": status,
            "carrier": parcel["carrier"],
            "trackingNumber": parcel["trackingNumber"],
            "sequence": changed["sequence"],
            "at": rfc3339(now_us),
        }
        yield from news.tell(fact, span or row["span"])
    return changed


def hold_shipment(order_id, customer_id, address, weight_g, span):
    """Holds a parcel for an order, once: the shipment, and whether it is new. Refuses where we do not
    deliver, and after a cancellation."""
    known = yield from get(SHIPMENTS, order_id)
    if known is not None and known["status"] == "cancelled":
        raise cancelled_before(order_id)
    if is_shipment(known):
        return known, False
    zone = zone_of(address["country"])
    if zone is None:
        raise undeliverable(f"We do not deliver to {address['country']}.")
    if weight_g > MAX_WEIGHT_G:
        raise undeliverable(f"A parcel weighs at most {MAX_WEIGHT_G} g; this one weighs {weight_g} g.")
    carrier, _ = carrier_of(order_id)
    row = {
        "orderId": order_id,
        "status": "held",
        "parcel": {
            "shipmentId": "shp-" + order_id,
            "customerId": customer_id,
            "address": address,
            "weightG": weight_g,
            "zone": zone,
            "carrier": carrier,
            "trackingNumber": tracking_number_of(order_id),
        },
        "sequence": 0,
        "history": [],
        "span": span,
    }
    shipment = yield from change(row, "held", None, span)
    return shipment, True


def cancel_shipment(order_id, span):
    """Cancels a held parcel; leaves a tombstone when there is none, so that a request that arrives late is
    refused. Refuses once it is on its way."""
    known = yield from get(SHIPMENTS, order_id)
    if known is None:
        now_us = yield from now()
        tombstone = {
            "orderId": order_id,
            "status": "cancelled",
            "parcel": None,
            "sequence": 1,
            "history": [{"status": "cancelled", "atUs": now_us}],
            "span": span,
        }
        yield from put(SHIPMENTS, tombstone)
        return
    if known["status"] == "cancelled":
        return
    if known["status"] != "held":
        raise Refused(
            problem(
                409,
                "shipment-on-its-way",
                "Shipment on its way",
                f"The shipment of {order_id} is {known['status']}; it cannot be cancelled.",
            )
        )
    if is_shipment(known):
        yield from change(known, "cancelled", None, span)


def dispatch_shipment(order_id, pick_ms, span):
    """Lets a held parcel go, once."""
    known = yield from get(SHIPMENTS, order_id)
    if known is not None and known["status"] == "cancelled":
        raise cancelled_before(order_id)
    if not is_shipment(known):
        raise Refused(
            problem(404, "no-such-shipment", "No such shipment", f"There is no shipment for {order_id}.")
        )
    if known["status"] != "held":
        return known
    now_us = yield from now()
    return (yield from change(known, "dispatched", plus_ms(now_us, pick_ms), span))


def following(status, tracking, fails):
    """What follows a status, and after how many milliseconds that moves on (None: it stays); None: nothing."""
    if status == "dispatched":
        return "picked", tracking["packMs"]
    if status == "picked":
        return "packed", tracking["transitMs"]
    if status == "packed":
        return "in-transit", tracking["deliverMs"]
    if status == "in-transit":
        return ("delivery-failed" if fails else "delivered"), None
    return None


def advance_shipments(tracking, delivery_fails, limit):
    """The parcels whose next station is due move on: how many. `delivery_fails` is drawn by order."""
    now_us = yield from now()
    due = yield from list_rows(SHIPMENTS, index="nextAt", to=now_us, limit=limit)
    for row in due:
        if not is_shipment(row):
            continue
        fails = yield from delivery_fails(row["orderId"])
        step = following(row["status"], tracking, fails)
        if step is None:
            continue
        status, then_ms = step
        next_at_us = None if then_ms is None else plus_ms(now_us, then_ms)
        yield from change(row, status, next_at_us, None)
    return len(due)
