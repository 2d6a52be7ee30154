"""Compact the objects of a store: lines of JSON, in one folder for each hour, become Parquet in folders of the same names.

    source  events/year=2026/month=01/day=31/hour=08/*.ndjson.gz
    target  parquet/year=2026/month=01/day=31/hour=08/*.parquet, or parquet/year=2026/month=01/day=31/*.parquet
    failed  parquet-failed/year=2026/month=01/day=31/hour=08/*.txt, the lines that are no JSON object

An hour, or a day with --FOLDERS day, is written as a whole, from all its objects, so a run can be repeated. Its bookmark is an
empty object in its folder, named after the names, sizes and times of the objects it was made from: a folder with a new,
rewritten or deleted object is written again, and any other is left as it is. A job that ends early loses no folder, since the
bookmark is written last. Events are in the folder of the time at which they arrived, so one that is late is in a new folder.

Two runs at the same time would mix the files of a folder. Glue and EMR Serverless run one at a time. Dataproc does not, so with
--LOCK_HOURS a run holds a lock in the target, and a second one ends at once without work. A run that was stopped leaves its
lock, which ends after that time: it must be at least as long as a run may take.

Bookmarks of Glue are not used. They exist on Glue only, they are lost when a job is renamed, they cannot be tested without an
account, and the hours of new objects are read as a whole anyway.

This is plain Spark: it runs on Glue, on EMR Serverless, on Dataproc, and on a laptop.
"""

import argparse
import hashlib
import json
import re
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from json.decoder import scanstring
from typing import Dict, List, NamedTuple, Optional, Tuple

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

# The attributes of an event (shared/runtime/event.schema.json). Every other member of a line is in "extensions".
ATTRIBUTES = "specversion id source type time subject datacontenttype dataschema partitionkey data".split()
COLUMNS = ATTRIBUTES + ["extensions"]
ROW = StructType([StructField(name, StringType()) for name in COLUMNS])

LEVELS = ("year", "month", "day", "hour")
# Readers leave out files whose name starts with an underscore.
LOCK = "_lock"
# Compressed lines of one file. As Parquet they have about the same size.
FILE_BYTES = 128 * 1024 * 1024
# Folders that are written at the same time.
AT_ONCE = 4

SPACE = re.compile(r"[ \t\r\n]*")


class Place(NamedTuple):
    """Where a folder is read from and written to."""

    source: str
    target: str
    failed: str


class Given(NamedTuple):
    """The arguments of a run."""

    place: Place
    hours: int
    key: List[str]
    folders: str = "hour"
    lock_hours: int = 0


class Folder(NamedTuple):
    """A folder of the source: an hour, or a day."""

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


# --- Folders ---------------------------------------------------------------------------------------------------------


class Files:
    """The file system of a folder: S3 or Cloud Storage in the cloud, a disk in a test."""

    def __init__(self, spark: SparkSession, folder: str):
        self.path = spark._jvm.org.apache.hadoop.fs.Path
        self.system = self.path(folder).getFileSystem(spark._jsc.hadoopConfiguration())

    def within(self, folder: str) -> list:
        """What is in a folder. Nothing if it does not exist."""
        path = self.path(folder)
        return list(self.system.listStatus(path)) if self.system.exists(path) else []

    def below(self, folder: str, path: str = "") -> List[Tuple[str, int, int]]:
        """The name, size and time of each file in a folder and in the folders in it."""
        found = []
        for status in self.within(folder + path):
            name = status.getPath().getName()
            if name.startswith(("_", ".")):
                continue
            if status.isFile():
                found.append((path + name, status.getLen(), status.getModificationTime()))
            else:
                found += self.below(folder, path + name + "/")
        return found

    def exists(self, file: str) -> bool:
        return self.system.exists(self.path(file))

    def create(self, file: str):
        self.system.create(self.path(file), True).close()

    def create_first(self, file: str, text: str) -> bool:
        """Write a file that does not exist. Returns whether this call wrote it."""
        try:
            out = self.system.create(self.path(file), False)
            out.write(bytearray(text.encode()))
            # A store of objects writes the object here, and refuses it if another one was faster.
            out.close()
            return True
        except Py4JJavaError:
            if not self.exists(file):
                raise
            return False

    def read(self, file: str) -> str:
        """A file of one line. Nothing if it does not exist."""
        try:
            lines = self.system.open(self.path(file))
        except Py4JJavaError:
            if self.exists(file):
                raise
            return ""
        text = lines.readLine()
        lines.close()
        return text or ""

    def delete(self, folder: str):
        self.system.delete(self.path(folder), True)


class Lock:
    """A file in the target that only one run can create. It has the time at which it ends, and the run that holds it."""

    def __init__(self, files: Files, file: str, hours: int):
        self.files, self.file = files, file
        self.text = f"{int(time.time()) + hours * 3600} {uuid.uuid4()}"

    def take(self) -> bool:
        if self.files.create_first(self.file, self.text):
            return True
        held = self.files.read(self.file)
        if held and int(held.split()[0]) > time.time():
            return False
        # Its run was stopped.
        self.files.delete(self.file)
        return self.files.create_first(self.file, self.text)

    def give_back(self):
        if self.files.read(self.file) == self.text:
            self.files.delete(self.file)


def newest(files: Files, folder: str, count: int, levels: Tuple[str, ...] = LEVELS) -> List[str]:
    """The folders of the last level in the source, the newest first. Their names sort by time. A count of 0 is all of them."""
    found = [""]
    for level in levels:
        inner = []
        for parent in found:
            names = [status.getPath().getName() for status in files.within(folder + parent) if status.isDirectory()]
            inner += [parent + name + "/" for name in names if re.fullmatch(level + r"=\d+", name)]
        # Each day of the newest hours is at least as new as any other, so only so many can contain them.
        found = sorted(inner, reverse=True)[: count or None]
    return found


def read_folder(files: Files, source: str, name: str) -> Folder:
    objects = files.below(source + name)
    told = json.dumps(sorted(objects))
    return Folder(name, sum(size for _, size, _ in objects), "_from-" + hashlib.sha256(told.encode()).hexdigest()[:32])


def write_folder(spark: SparkSession, files: Files, place: Place, folder: Folder, key: List[str]) -> int:
    """Write a folder, and its bookmark last. Returns the number of broken lines."""
    texts = spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true").text(place.source + folder.name)
    rows = rows_of(texts).persist()
    try:
        good = distinct(rows.where("row is not null"), key)
        count = max(1, -(-folder.size // FILE_BYTES))
        sized = good.coalesce(1) if count == 1 else good.repartitionByRange(count, "time", "id")
        sorted_rows = sized.sortWithinPartitions("time", "source", "id")
        sorted_rows.write.mode("overwrite").parquet(place.target + folder.name)
        broken = rows.where("row is null").select("line")
        lines = broken.count()
        if lines:
            broken.coalesce(1).sortWithinPartitions("line").write.mode("overwrite").text(place.failed + folder.name)
        else:
            files.delete(place.failed + folder.name)
        files.create(place.target + folder.name + folder.bookmark)
        return lines
    finally:
        rows.unpersist()


def compact(spark: SparkSession, given: Given) -> Optional[Dict[str, int]]:
    """Write the newest folders that changed. Returns the number of broken lines of each, or None if another run holds the lock.

    If a folder fails, the others are written, and the error is raised at the end. Then the next run writes what is missing.
    """
    files = Files(spark, given.place.target)
    if given.lock_hours == 0:
        return write_changed(spark, given)
    lock = Lock(files, given.place.target + LOCK, given.lock_hours)
    if not lock.take():
        return None
    try:
        return write_changed(spark, given)
    finally:
        lock.give_back()


def write_changed(spark: SparkSession, given: Given) -> Dict[str, int]:
    place = given.place
    files, target = Files(spark, place.source), Files(spark, place.target)
    levels = LEVELS[: LEVELS.index(given.folders) + 1]
    count = given.hours if given.folders == "hour" else -(-given.hours // 24)
    known = [read_folder(files, place.source, name) for name in newest(files, place.source, count, levels)]
    changed = [one for one in known if one.size and not target.exists(place.target + one.name + one.bookmark)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        writing = [(one, pool.submit(write_folder, spark, target, place, one, given.key)) for one in changed]
    failed = [(one.name, written.exception()) for one, written in writing if written.exception()]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(changed)} folders failed, first {failed[0][0]}") from failed[0][1]
    return {one.name: written.result() for one, written in writing}


def read_arguments(arguments: List[str]) -> Given:
    """Where to read and write, how many hours, and the key of a row."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("SOURCE", "TARGET"):
        parser.add_argument(f"--{name}_BUCKET", required=True)
        parser.add_argument(f"--{name}_PREFIX", required=True)
    parser.add_argument("--TARGET_FAILED_PREFIX", required=True)
    parser.add_argument("--SCHEME", choices=("s3", "gs"), default="s3", help="S3, or Cloud Storage")
    parser.add_argument("--FOLDERS", choices=("hour", "day"), default="hour", help="What a folder of the target contains")
    # Eight days: a stream keeps records for seven, and writes them into the hour in which they arrived.
    parser.add_argument("--HOURS", type=int, default=192, help="How many of the newest hours to look at; 0 for all. Days are whole")
    parser.add_argument("--KEY", default="source,id", help="Rows with the same values of these columns are copies of one row")
    parser.add_argument("--LOCK_HOURS", type=int, default=0, help="How long a run may take that must be alone; 0 for no lock")
    # Glue adds arguments of its own.
    given, _ = parser.parse_known_args(arguments)
    key = given.KEY.split(",")
    if given.HOURS < 0 or given.LOCK_HOURS < 0 or not set(key) <= set(COLUMNS):
        parser.error(f"HOURS and LOCK_HOURS must be at least 0, and KEY must be some of {','.join(COLUMNS)}")
    place = Place(
        source=f"{given.SCHEME}://{given.SOURCE_BUCKET}/{given.SOURCE_PREFIX}",
        target=f"{given.SCHEME}://{given.TARGET_BUCKET}/{given.TARGET_PREFIX}",
        failed=f"{given.SCHEME}://{given.TARGET_BUCKET}/{given.TARGET_FAILED_PREFIX}",
    )
    return Given(place, given.HOURS, key, given.FOLDERS, given.LOCK_HOURS)


def main(arguments: List[str]):
    given = read_arguments(arguments)
    spark = SparkSession.builder.appName("compact").getOrCreate()
    written = compact(spark, given)
    if written is None:
        print(json.dumps({"skipped": "another run holds the lock"}))
    else:
        print(json.dumps({"folders": len(written), "brokenLines": sum(written.values())}))


if __name__ == "__main__":
    main(sys.argv[1:])
