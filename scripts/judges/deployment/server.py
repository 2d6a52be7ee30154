"""Serves ministack. It reaches nothing but this machine, and ends with whoever started it: then its input ends."""

import os
import sys
import threading

from hypercorn.__main__ import main

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


sys.addaudithook(refuse)
threading.Thread(target=end_with_input, daemon=True).start()
sys.exit(main())
