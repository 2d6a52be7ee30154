"""Python runs this first. It ends the process at the first try to reach anything over a network."""

import os
import sys

REACHES_OUT = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"}


def refuse(event, arguments):
    if event in REACHES_OUT:
        os.write(2, f"refused to reach out: {event} {arguments!r}\n".encode())
        os._exit(97)


sys.addaudithook(refuse)
