"""The topic `orders`: what Order last said of an order is kept beside its parcel."""

from ports import get, put

ORDER_STATUSES = "order-statuses"


def read(event):
    """Of the news only what is needed; the rest is let be (a tolerant reader)."""
    data = event["data"]
    if isinstance(data, dict):
        news = {name: data.get(name) for name in ("orderId", "status", "at")}
        if all(isinstance(value, str) for value in news.values()):
            return news
    raise ValueError(f"the event {event['id']} ({event['type']}) cannot be read")


def note_order_status(event):
    """News that is older than what is known changes nothing."""
    news = read(event)
    known = yield from get(ORDER_STATUSES, news["orderId"])
    # RFC 3339 with milliseconds in UTC sorts by time.
    if known is not None and news["at"] < known["at"]:
        return
    yield from put(ORDER_STATUSES, news)
