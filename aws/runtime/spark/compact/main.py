"""Compact the objects of a store: lines of JSON, in one folder for each hour, become Parquet in folders of the same names.

    source  events/year=2026/month=01/day=31/hour=08/*.ndjson.gz
    target  parquet/year=2026/month=01/day=31/hour=08/*.parquet
    failed  parquet-failed/year=2026/month=01/day=31/hour=08/*.txt, the lines that are no JSON object

An hour is written as a whole, from all its objects, so a run can be repeated. Its bookmark is an empty object in its folder,
named after the names, sizes and times of the objects it was made from: an hour with a new, rewritten or deleted object is
written again, and any other is left as it is. A job that ends early loses no hour, since the bookmark is written last.

Bookmarks of Glue are not used. They exist on Glue only, they are lost when a job is renamed, they cannot be tested without an
account, and the hours of new objects are read as a whole anyway.

This is plain Spark: it runs on Glue, on EMR Serverless, and on a laptop.
"""

import argparse
import hashlib
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from json.decoder import scanstring
from typing import Dict, List, NamedTuple, Optional, Tuple

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

# The attributes of an event (shared/runtime/event.schema.json). Every other member of a line is in "extensions".
ATTRIBUTES = "specversion id source type time subject datacontenttype dataschema partitionkey data".split()
COLUMNS = ATTRIBUTES + ["extensions"]
ROW = StructType([StructField(name, StringType()) for name in COLUMNS])

LEVELS = ("year", "month", "day", "hour")
# Compressed lines of one file. As Parquet they have about the same size.
FILE_BYTES = 128 * 1024 * 1024
# Hours that are written at the same time.
AT_ONCE = 4

SPACE = re.compile(r"[ \t\r\n]*")


class Place(NamedTuple):
    """Where an hour is read from and written to."""

    source: str
    target: str
    failed: str


class Hour(NamedTuple):
    """An hour folder of the source."""

    name: str
    size: int
    bookmark: str


# --- Lines -----------------------------------------------------------------------------------------------------------


def refuse(constant: str):
    raise ValueError(constant + " is no JSON")


def members(line: str) -> List[Tuple[str, str, object]]:
    """The members of a JSON object: the name, the value as it is written, and the value. No digit of it changes."""

    def after(index: int) -> int:
        return SPACE.match(line, index).end()

    # Numbers are not converted, so that a long one is no error: only their text is used. A decoder cannot be sent to workers.
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=refuse)
    found = []
    at = after(0)
    if line[at : at + 1] != "{":
        raise ValueError("no object")
    at = after(at + 1)
    closed = line[at : at + 1] == "}"
    while not closed:
        if line[at : at + 1] != '"':
            raise ValueError("no name")
        name, at = scanstring(line, at + 1, True)
        at = after(at)
        if line[at : at + 1] != ":":
            raise ValueError("no value")
        start = after(at + 1)
        value, at = decoder.raw_decode(line, start)
        found.append((name, line[start:at], value))
        at = after(at)
        if line[at : at + 1] not in (",", "}"):
            raise ValueError("no end")
        closed = line[at : at + 1] == "}"
        at = after(at + 1) if not closed else at
    if after(at + 1) != len(line):
        raise ValueError("more than one value")
    return found


def parse(line: str) -> Optional[Tuple[Optional[str], ...]]:
    """A line as a row: a text as it is, and any other value as JSON. None if the line is no JSON object."""
    try:
        named = {name: (raw, value) for name, raw, value in members(line)}
    except (ValueError, RecursionError):
        return None
    rest = {name: raw for name, (raw, _) in named.items() if name not in ATTRIBUTES}
    extensions = "{" + ",".join(json.dumps(name) + ":" + raw for name, raw in sorted(rest.items())) + "}" if rest else None
    return tuple(text_of(*named[name]) if name in named else None for name in ATTRIBUTES) + (extensions,)


def text_of(raw: str, value: object) -> Optional[str]:
    return value if raw.startswith('"') else None if raw == "null" else raw


# --- Rows ------------------------------------------------------------------------------------------------------------


def rows_of(lines: DataFrame) -> DataFrame:
    """Lines as rows, with each line. The row of a broken line is null."""
    row = F.udf(parse, ROW)
    return lines.where(F.trim("value") != "").select(F.col("value").alias("line"), row("value").alias("row"))


def distinct(rows: DataFrame, key: List[str]) -> DataFrame:
    """One row for each key: the first by time. A row without a whole key is a duplicate only of the same line."""
    fields = [F.col("row." + name) for name in key]
    whole = F.lit(True)
    for field in fields:
        whole = whole & field.isNotNull()
    same = F.when(whole, F.to_json(F.array(*fields))).otherwise(F.col("line"))
    first = Window.partitionBy(whole, same).orderBy("row.time", "line")
    return rows.withColumn("copy", F.row_number().over(first)).where("copy = 1").select("row.*")


# --- Hours -----------------------------------------------------------------------------------------------------------


class Files:
    """The file system of a folder: S3 in the cloud, a disk in a test."""

    def __init__(self, spark: SparkSession, folder: str):
        self.path = spark._jvm.org.apache.hadoop.fs.Path
        self.system = self.path(folder).getFileSystem(spark._jsc.hadoopConfiguration())

    def within(self, folder: str) -> list:
        """What is in a folder. Nothing if it does not exist."""
        path = self.path(folder)
        return list(self.system.listStatus(path)) if self.system.exists(path) else []

    def exists(self, file: str) -> bool:
        return self.system.exists(self.path(file))

    def create(self, file: str):
        self.system.create(self.path(file), True).close()

    def delete(self, folder: str):
        self.system.delete(self.path(folder), True)


def newest(files: Files, folder: str, count: int) -> List[str]:
    """The hour folders of the source, the newest first. Their names sort by time. A count of 0 is all of them."""
    found = [""]
    for level in LEVELS:
        inner = []
        for parent in found:
            names = [status.getPath().getName() for status in files.within(folder + parent) if status.isDirectory()]
            inner += [parent + name + "/" for name in names if re.fullmatch(level + r"=\d+", name)]
        # Each day of the newest hours is at least as new as any other, so only so many can contain them.
        found = sorted(inner, reverse=True)[: count or None]
    return found


def read_hour(files: Files, folder: str, name: str) -> Hour:
    objects = [
        (status.getPath().getName(), status.getLen(), status.getModificationTime())
        for status in files.within(folder + name)
        if status.isFile() and not status.getPath().getName().startswith(("_", "."))
    ]
    told = json.dumps(sorted(objects))
    return Hour(name, sum(size for _, size, _ in objects), "_from-" + hashlib.sha256(told.encode()).hexdigest()[:32])


def write_hour(spark: SparkSession, files: Files, place: Place, hour: Hour, key: List[str]) -> int:
    """Write an hour, and its bookmark last. Returns the number of broken lines."""
    rows = rows_of(spark.read.option("lineSep", "\n").text(place.source + hour.name)).persist()
    try:
        good = distinct(rows.where("row is not null"), key)
        count = max(1, -(-hour.size // FILE_BYTES))
        sized = good.coalesce(1) if count == 1 else good.repartitionByRange(count, "time", "id")
        sorted_rows = sized.sortWithinPartitions("time", "source", "id")
        sorted_rows.write.mode("overwrite").parquet(place.target + hour.name)
        broken = rows.where("row is null").select("line")
        lines = broken.count()
        if lines:
            broken.coalesce(1).sortWithinPartitions("line").write.mode("overwrite").text(place.failed + hour.name)
        else:
            files.delete(place.failed + hour.name)
        files.create(place.target + hour.name + hour.bookmark)
        return lines
    finally:
        rows.unpersist()


def compact(spark: SparkSession, place: Place, hours: int, key: List[str]) -> Dict[str, int]:
    """Write the newest hours that changed. Returns the number of broken lines of each.

    If an hour fails, the others are written, and the error is raised at the end. Then the next run writes what is missing.
    """
    files = Files(spark, place.source)
    known = [read_hour(files, place.source, name) for name in newest(files, place.source, hours)]
    changed = [hour for hour in known if hour.size and not files.exists(place.target + hour.name + hour.bookmark)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        writing = [(hour, pool.submit(write_hour, spark, files, place, hour, key)) for hour in changed]
    failed = [(hour.name, written.exception()) for hour, written in writing if written.exception()]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(changed)} hours failed, first {failed[0][0]}") from failed[0][1]
    return {hour.name: written.result() for hour, written in writing}


def read_arguments(arguments: List[str]) -> Tuple[Place, int, List[str]]:
    """Where to read and write, how many hours, and the key of a row."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("SOURCE", "TARGET"):
        parser.add_argument(f"--{name}_BUCKET", required=True)
        parser.add_argument(f"--{name}_PREFIX", required=True)
    parser.add_argument("--TARGET_FAILED_PREFIX", required=True)
    # Eight days: a stream keeps records for seven, and writes them into the hour in which they arrived.
    parser.add_argument("--HOURS", type=int, default=192, help="How many of the newest hours to look at; 0 for all")
    parser.add_argument("--KEY", default="source,id", help="Rows with the same values of these columns are copies of one row")
    # Glue adds arguments of its own.
    given, _ = parser.parse_known_args(arguments)
    key = given.KEY.split(",")
    if given.HOURS < 0 or not set(key) <= set(COLUMNS):
        parser.error(f"HOURS must be at least 0, and KEY must be some of {','.join(COLUMNS)}")
    place = Place(
        source=f"s3://{given.SOURCE_BUCKET}/{given.SOURCE_PREFIX}",
        target=f"s3://{given.TARGET_BUCKET}/{given.TARGET_PREFIX}",
        failed=f"s3://{given.TARGET_BUCKET}/{given.TARGET_FAILED_PREFIX}",
    )
    return place, given.HOURS, key


def main(arguments: List[str]):
    place, hours, key = read_arguments(arguments)
    spark = SparkSession.builder.appName("compact").getOrCreate()
    written = compact(spark, place, hours, key)
    print(json.dumps({"hours": len(written), "brokenLines": sum(written.values())}))


if __name__ == "__main__":
    main(sys.argv[1:])
