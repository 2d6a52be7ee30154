"""Count the events of a store, as a report that people open in a spreadsheet.

    source  --SOURCE: a folder with year=2026/month=01/day=31/hour=08/*.ndjson.gz, one JSON object in each line
    target  --TARGET: a folder for events-by-day.csv, with a line for each day and type: day,type,events

An event is counted once: by its "source" and "id", and once a row without them. The day is that of "time" in UTC, which is text at
the start of the attribute for all senders that write it in UTC, or that of the folder if there is none. A line that is no JSON
object is counted as the type "(broken)". Files with other names are left alone.

It needs nothing but Python 3.8, reads one line at a time, and keeps a hash of 8 bytes for each event: 100 bytes of memory an event.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import re
import sys
from collections import Counter
from datetime import datetime, timezone
from typing import Dict, Iterator, Optional, Tuple

NAME = "events-by-day.csv"
FOLDER = re.compile(r"year=(\d{4})[/\\]month=(\d{2})[/\\]day=(\d{2})(?=[/\\]|$)")
BROKEN = "(broken)"
# A fraction of any length. Python 3.8 reads three or six digits only.
TIME = re.compile(r"^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$")


def lines(source: str) -> Iterator[Tuple[str, bytes]]:
    """Each line with the day of its folder, in the order of the folders."""
    for folder, folders, files in os.walk(source):
        folders.sort()
        found = FOLDER.search(os.path.relpath(folder, source))
        day = "-".join(found.groups()) if found else ""
        for name in sorted(files):
            if name.endswith(".ndjson.gz"):
                with gzip.open(os.path.join(folder, name), "rb") as file:
                    for line in file:
                        yield day, line


def read(line: bytes) -> Optional[Dict]:
    """The object of a line, or nothing. Numbers are not read, so none is too long."""
    try:
        row = json.loads(line.decode("utf-8"), parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def day_of(time: object, otherwise: str) -> str:
    """The day of a time in UTC."""
    found = TIME.match(time) if isinstance(time, str) else None
    if found is None:
        return otherwise
    day, clock, zone = found.groups()
    if zone in "Zz":
        return day
    try:
        return datetime.fromisoformat(day + "T" + clock + zone).astimezone(timezone.utc).date().isoformat()
    except (ValueError, OverflowError):
        return otherwise


def count(source: str) -> Counter:
    """The number of events of each day and type."""
    seen = set()
    events: Counter = Counter()
    for day, line in lines(source):
        row = read(line)
        if row is None:
            events[day, BROKEN] += 1
            continue
        key = [row.get("source"), row.get("id")]
        if None not in key:
            # The hash of Python is another one in each process, and a text of any length would be kept.
            hash = hashlib.blake2b(json.dumps(key).encode(), digest_size=8).digest()
            if hash in seen:
                continue
            seen.add(hash)
        kind = row.get("type")
        events[day_of(row.get("time"), day), kind if isinstance(kind, str) else ""] += 1
    return events


def write(target: str, events: Counter) -> None:
    os.makedirs(target, exist_ok=True)
    with open(os.path.join(target, NAME), "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["day", "type", "events"])
        # A spreadsheet would run a text that starts like a formula.
        table.writerows([day, "'" + kind if kind[:1] in ("=", "+", "-", "@", "\t", "\r") else kind, number] for (day, kind), number in sorted(events.items()))


def main(arguments) -> None:
    parser = argparse.ArgumentParser(description="Count the events of a store by day and type.")
    parser.add_argument("--SOURCE", required=True)
    parser.add_argument("--TARGET", required=True)
    given = parser.parse_args(arguments)
    if not os.path.isdir(given.SOURCE):
        raise SystemExit("--SOURCE must be a folder, got " + given.SOURCE)
    events = count(given.SOURCE)
    write(given.TARGET, events)
    print(json.dumps({"message": "Report written.", "events": sum(events.values()), "lines": len(events)}))


if __name__ == "__main__":
    main(sys.argv[1:])
