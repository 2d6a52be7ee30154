"""Count the events of a store, as a report that people open in a spreadsheet.

    source  --SOURCE: a folder with year=2026/month=01/day=31/hour=08/*.ndjson.gz, one JSON object in each line
    target  --TARGET: a folder for events-by-day.csv, with a line for each day and type: day,type,events

An event is counted once, by its "source" and "id"; a row without them counts each time. The day is that of "time" in UTC, or that of
the folder if the row has no time. A line that is no JSON object counts as the type "(broken)". Other files are left alone.

It needs nothing but Python 3.8. It reads one line at a time, and keeps a hash of each event: about 100 MB for a million events.
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
FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
            # Sixteen bytes, so that two events never share a hash by chance.
            digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=16).digest()
            if digest in seen:
                continue
            seen.add(digest)
        kind = row.get("type")
        events[day_of(row.get("time"), day), kind if isinstance(kind, str) else ""] += 1
    return events


def write(target: str, events: Counter) -> None:
    os.makedirs(target, exist_ok=True)
    with open(os.path.join(target, NAME), "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["day", "type", "events"])
        for (day, kind), number in sorted(events.items()):
            # A spreadsheet would run a text that starts like a formula.
            table.writerow([day, "'" + kind if kind.startswith(FORMULA) else kind, number])


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
