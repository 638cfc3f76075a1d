"""The operations of the contract. The sidecar has read and admitted the request before a handler sees it.

A handler that asks something of its ports is a generator (see ports.py); what it returns is its answer.
"""

import news
from contract import TARIFF, shipping_price_minor, zone_of
from model import SHIPMENTS, cancel_shipment, dispatch_shipment, hold_shipment
from moment import rfc3339
from order_events import ORDER_STATUSES
from ports import get, settings, transact, wake_relay
from problem import problem

CHANGED = (SHIPMENTS,) + news.TABLES


def answer(status, body):
    return {"status": status, "body": body}


def refuse(*what):
    return {"problem": problem(*what)}


def quote(request):
    country, weight_g = request["query"]["country"], request["query"]["weightG"]
    zone = zone_of(country)
    if zone is None:
        return refuse(422, "undeliverable", "Undeliverable", f"We do not deliver to {country}.")
    _, _, days = TARIFF[zone]
    return answer(
        200,
        {
            "country": country,
            "zone": zone,
            "weightG": weight_g,
            "priceMinor": shipping_price_minor(zone, weight_g),
            "currency": "EUR",
            "days": days,
        },
    )


def create(request):
    order_id, body, span = request["params"]["orderId"], request["body"], request["span"]
    held = hold_shipment(order_id, body["customerId"], body["address"], body["weightG"], span)
    shipment, is_new = yield from transact("hold shipment", CHANGED, "readwrite", held)
    yield from wake_relay()
    parcel = shipment["parcel"]
    return answer(201 if is_new else 200, {name: parcel[name] for name in ("shipmentId", "carrier", "trackingNumber")})


def cancel(request):
    order_id = request["params"]["orderId"]
    yield from transact("cancel shipment", CHANGED, "readwrite", cancel_shipment(order_id, request["span"]))
    yield from wake_relay()
    return answer(200, {"orderId": order_id, "status": "cancelled"})


def dispatch(request):
    order_id = request["params"]["orderId"]
    tracking = yield from settings("tracking")
    dispatched = dispatch_shipment(order_id, tracking["pickMs"], request["span"])
    shipment = yield from transact("dispatch shipment", CHANGED, "readwrite", dispatched)
    yield from wake_relay()
    return answer(200, {"shipmentId": shipment["parcel"]["shipmentId"], "status": shipment["status"]})


def get_shipment(request):
    order_id, principal = request["params"]["orderId"], request["principal"]

    def look():
        row = yield from get(SHIPMENTS, order_id)
        order = yield from get(ORDER_STATUSES, order_id)
        return row, order

    row, order = yield from transact("get shipment", (SHIPMENTS, ORDER_STATUSES), "readonly", look())
    # Another customer's parcel answers as if it were not there: whether it exists is not their business.
    if row is None or row["parcel"] is None or not may_read(principal, row["parcel"]):
        return refuse(404, "no-such-shipment", "No such shipment", f"There is no shipment for {order_id}.")
    parcel = row["parcel"]
    return answer(
        200,
        {
            "orderId": order_id,
            "shipmentId": parcel["shipmentId"],
            "status": row["status"],
            "carrier": parcel["carrier"],
            "trackingNumber": parcel["trackingNumber"],
            "zone": parcel["zone"],
            "weightG": parcel["weightG"],
            "address": parcel["address"],
            "orderStatus": None if order is None else order["status"],
            "history": [{"status": entry["status"], "at": rfc3339(entry["atUs"])} for entry in row["history"]],
        },
    )


def may_read(principal, parcel):
    if principal is None:
        return False
    return "admin" in principal["roles"] or principal["customerId"] == parcel["customerId"]


OPERATIONS = {
    "quote": quote,
    "createShipment": create,
    "cancelShipment": cancel,
    "dispatchShipment": dispatch,
    "getShipment": get_shipment,
}
