"""What others may know of a parcel: the topic `shipments`."""

from ports import publish

TABLES = ("outbox", "outbox-counter")


def tell(fact, span):
    """In the transaction that makes it true."""
    return (yield from publish("shipments", "shipment." + fact["status"], fact["orderId"], fact, span))
