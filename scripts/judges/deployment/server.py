"""Serves ministack. It reaches nothing but this machine, and ends with whoever started it: then its input ends."""

import os
import sys
import threading

from hypercorn.__main__ import main
from ministack.core import iam_actions
from ministack.services.cloudformation import provisioners

HERE = ("127.0.0.1", "::1", "localhost", None)


def refuse(event, arguments):
    address = arguments[1] if event == "socket.connect" else arguments[0] if event == "socket.getaddrinfo" else None
    host = address[0] if isinstance(address, tuple) else address
    # An address that is a path is a socket of this machine.
    if host not in HERE and not str(host).startswith("/"):
        os.write(2, f"refused to reach out: {event} {host!r}\n".encode())
        os._exit(97)


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def on_a_metric(record):
    """ministack 1.5 has no metric math: an alarm on an expression is kept as one on a metric. None of them rings here."""

    def recorded(name, props):
        if not props.get("Metrics"):
            return record(name, props)
        plain = {key: value for key, value in props.items() if key != "Metrics"}
        return record(name, {**plain, "MetricName": "expression", "Namespace": "metric math"})

    return recorded


def without_batch(extract):
    """AWS asks for the right to send a message where messages are sent in a batch. ministack 1.5 asks for one that there is not."""

    def extracted(*arguments):
        action = extract(*arguments)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    return extracted


iam_actions.extract_iam_action = without_batch(iam_actions.extract_iam_action)
provisioners._cw_metric_alarm_record = on_a_metric(provisioners._cw_metric_alarm_record)
sys.addaudithook(refuse)
threading.Thread(target=end_with_input, daemon=True).start()
sys.exit(main())
