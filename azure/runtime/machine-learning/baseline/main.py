"""Learn what is normal for each source, from the events of a store: a model that a query or a function can compare new events with.

    source  --SOURCE: a folder with year=2026/month=01/day=31/hour=08/*.ndjson.gz, one JSON object in each line
    target  --TARGET: a folder for baseline.json: for each source, how many numbers there were in data.value, their mean and their
            deviation, and from which number on one is far from normal (three deviations)

An event counts once, by its "source" and "id". A line that is no JSON object, and an event without a number, are left out and counted.
Other files are left alone. The same files give the same bytes.

It needs nothing but Python 3.8. It reads one line at a time, and keeps a hash of each event: about 100 MB for a million events.
"""

import argparse
import gzip
import hashlib
import json
import math
import os
import sys
from typing import Dict, Iterator, Optional

NAME = "baseline.json"
FAR = 3


def lines(source: str) -> Iterator[bytes]:
    """Each line of each file, in the order of their names."""
    for folder, folders, files in os.walk(source):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".ndjson.gz"):
                with gzip.open(os.path.join(folder, name), "rb") as file:
                    yield from file


def read(line: bytes) -> Optional[Dict]:
    try:
        row = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def number_of(row: Dict) -> Optional[float]:
    """The number in data.value. JSON has no infinity, but Python reads one, and too large numbers become one."""
    data = row.get("data")
    value = data.get("value") if isinstance(data, dict) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


class Normal:
    """The mean and the deviation of numbers that come one by one: https://doi.org/10.1080/00401706.1962.10490022."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, number: float) -> None:
        self.count += 1
        from_mean = number - self.mean
        self.mean += from_mean / self.count
        self.squares += from_mean * (number - self.mean)

    def shown(self) -> Dict:
        deviation = math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else 0.0
        low, high = self.mean - FAR * deviation, self.mean + FAR * deviation
        return {"count": self.count, "mean": self.mean, "deviation": deviation, "low": low, "high": high}


def learn(source: str) -> Dict:
    seen, sources, left_out = set(), {}, 0
    for line in lines(source):
        row = read(line)
        number = None if row is None else number_of(row)
        if row is None or number is None or not isinstance(row.get("source"), str):
            left_out += 1
            continue
        # Sixteen bytes, so that two events never share a hash by chance.
        key = hashlib.blake2b(json.dumps([row["source"], row.get("id")]).encode(), digest_size=16).digest()
        if row.get("id") is not None and key in seen:
            continue
        seen.add(key)
        sources.setdefault(row["source"], Normal()).add(number)
    return {"sources": {name: sources[name].shown() for name in sorted(sources)}, "leftOut": left_out}


def main(arguments) -> None:
    parser = argparse.ArgumentParser(description="Learn what is normal for each source.")
    parser.add_argument("--SOURCE", required=True)
    parser.add_argument("--TARGET", required=True)
    given = parser.parse_args(arguments)
    if not os.path.isdir(given.SOURCE):
        raise SystemExit("--SOURCE must be a folder, got " + given.SOURCE)
    baseline = learn(given.SOURCE)
    os.makedirs(given.TARGET, exist_ok=True)
    with open(os.path.join(given.TARGET, NAME), "w", encoding="utf-8", newline="\n") as file:
        json.dump(baseline, file, indent=2)
        file.write("\n")
    print(json.dumps({"message": "Baseline written.", "sources": len(baseline["sources"]), "leftOut": baseline["leftOut"]}))


if __name__ == "__main__":
    main(sys.argv[1:])
