"""Where the sidecar takes hold: it begins a generator of this service, and steps it from port call to port call.

Everything passes as JSON text. Generators are known by number, so that the sidecar holds no object of Python's.
"""

import gc
import json

from handlers import OPERATIONS
from order_events import note_order_status
from ports import Cancelled, PortFailed, describe
from tracking import track

_GENERATOR = type((lambda: (yield))())

_running = {}
_begun = 0


def begin(kind, argument):
    """The number of a new generator. `argument` is JSON."""
    global _begun
    if kind == "order-event":
        generator = note_order_status(json.loads(argument))
    elif kind == "tracking":
        generator = track()
    else:
        generator = _handling(OPERATIONS[kind], json.loads(argument))
    _begun = (_begun + 1) & 0x3FFFFFFF
    _running[_begun] = generator
    return _begun


def resume(number, value):
    """Goes on with the result of what was asked for, until it asks again or ends."""
    generator = _running[number]
    return _step(number, lambda: generator.send(json.loads(value)))


def fail(number, is_cancelled, message):
    """Goes on with the failure of what was asked for."""
    generator = _running[number]
    return _step(number, lambda: generator.throw((Cancelled if is_cancelled else PortFailed)(message)))


def forget(number):
    """Of an instance that has crashed: nothing of it runs on, no `finally` either."""
    _running.pop(number, None)


def running():
    return len(_running)


def live_bytes():
    gc.collect()
    return gc.mem_alloc()


def _handling(handler, request):
    result = handler(request)
    return (yield from result) if isinstance(result, _GENERATOR) else result


def _step(number, go):
    try:
        return json.dumps(["ask", go()])
    except StopIteration as end:
        del _running[number]
        return json.dumps(["end", end.value])
    except BaseException as error:
        del _running[number]
        return json.dumps(["raise", describe(error)])
