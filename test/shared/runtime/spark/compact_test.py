"""What the script of the compaction does with real files, on a Spark of this machine."""

import contextlib
import gzip
import io
import json
import os
import sys
import tempfile
import time
import unittest

os.environ["PYSPARK_PYTHON"] = sys.executable
# A small JVM starts fast.
os.environ["PYSPARK_SUBMIT_ARGS"] = "--driver-java-options -XX:TieredStopAtLevel=1 --driver-memory 1g --conf spark.ui.showConsoleProgress=false pyspark-shell"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../../.."))
sys.path.insert(0, os.path.join(ROOT, "shared/runtime/spark/compact"))

import main as compact  # noqa: E402
from pyspark import cloudpickle  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402

# As in the cloud, where the script is the main module: its functions are sent to the workers.
cloudpickle.register_pickle_by_value(compact)

HOUR = "year=2026/month=01/day=31/hour=08/"
LATER = "year=2026/month=01/day=31/hour=09/"
NEXT = "year=2026/month=02/day=01/hour=00/"
DAY = "year=2026/month=01/day=31/"
NEXT_DAY = "year=2026/month=02/day=01/"


def event(id: str, **members) -> str:
    return json.dumps({"specversion": "1.0", "id": id, "source": "/s", "type": "t", "time": "2026-01-31T08:00:00Z", **members})


class Lines(unittest.TestCase):
    def test_every_attribute_is_a_column_and_the_rest_is_kept(self):
        row = dict(zip(compact.COLUMNS, compact.parse(event("1", data={"a": [1]}, trace="x", n=None))))
        self.assertEqual((row["id"], row["data"], row["subject"]), ("1", '{"a": [1]}', None))
        self.assertEqual(row["extensions"], '{"n":null,"trace":"x"}')

    def test_no_digit_is_lost(self):
        for number in ("12345678901234567890", "0.1000", "1e400", "-0.0", "1" * 5000):
            row = dict(zip(compact.COLUMNS, compact.parse('{"id": "1","data":{"n": %s},"x":%s}' % (number, number))))
            self.assertEqual((row["data"], row["extensions"]), ('{"n": %s}' % number, '{"x":%s}' % number))

    def test_a_text_is_decoded_and_any_other_value_is_json(self):
        row = dict(zip(compact.COLUMNS, compact.parse(r'{"id":"a\u00e9\n\"","data":true,"subject":null,"type":"\ud83d\ude00"}')))
        self.assertEqual((row["id"], row["data"], row["subject"], row["type"]), ('a\u00e9\n"', "true", None, "\U0001f600"))

    def test_what_is_no_json_object_is_broken(self):
        for line in ("", "x", "[]", '"a"', "1", "{", "{}x", '{"a":}', '{"a":1,}', '{"a" 1}', "{'a':1}", '{"a":NaN}', '{"a":1} {}', '{a:1}', '{"a":1 "b":2}'):
            self.assertIsNone(compact.parse(line), line)
        self.assertIsNone(compact.parse('{"a":' + "[" * 100_000 + "]" * 100_000 + "}"))

    def test_it_agrees_with_the_json_of_python(self):
        for line in ("{}", " { } ", '{"a":{"b":[1,{"c":"}"}]},"d":"\\"}"}', '{"a":1,"a":2}', '\t{"a" :\t"b" , "c":[]}\r'):
            self.assertEqual(dict((name, json.loads(raw)) for name, raw, _ in compact.members(line)), json.loads(line))


class Arguments(unittest.TestCase):
    GIVEN = "--SOURCE_BUCKET raw --SOURCE_PREFIX events/ --TARGET_BUCKET lake --TARGET_PREFIX parquet/ --TARGET_FAILED_PREFIX parquet-failed/".split()

    def test_the_stores_of_a_job_are_folders_and_the_arguments_of_glue_are_left_out(self):
        glue = "--job-bookmark-option job-bookmark-disable --JOB_NAME compact --custom-logGroup-prefix /aws-glue/jobs/x".split()
        place = compact.Place("s3://raw/events/", "s3://lake/parquet/", "s3://lake/parquet-failed/")
        self.assertEqual(compact.read_arguments(glue + self.GIVEN), (place, 192, ["source", "id"], "hour", 0))
        more = self.GIVEN + "--HOURS 0 --KEY source,subject".split()
        self.assertEqual(compact.read_arguments(more)[1:3], (0, ["source", "subject"]))

    def test_on_google_cloud_the_folders_are_in_cloud_storage_and_have_a_day(self):
        given = compact.read_arguments(self.GIVEN + "--SCHEME gs --FOLDERS day --LOCK_HOURS 4".split())
        self.assertEqual(given.place, compact.Place("gs://raw/events/", "gs://lake/parquet/", "gs://lake/parquet-failed/"))
        self.assertEqual((given.folders, given.lock_hours), ("day", 4))

    def test_a_key_that_is_no_column_and_a_missing_store_end_the_job(self):
        wrong_values = ("--KEY nowhere", "--HOURS -1", "--LOCK_HOURS -1", "--SCHEME http", "--FOLDERS month")
        for wrong in [self.GIVEN + more.split() for more in wrong_values] + [self.GIVEN[2:]]:
            with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                compact.read_arguments(wrong)


class Compaction(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        settings = {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
        }
        builder = SparkSession.builder.master("local[2]").appName("compact")
        for name, value in settings.items():
            builder = builder.config(name, value)
        cls.spark = builder.getOrCreate()
        cls.spark.sparkContext.setLogLevel("OFF")

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.place = compact.Place(*(f"{self.folder.name}/{name}/" for name in ("events", "parquet", "parquet-failed")))

    def store(self, name: str, *lines: str):
        file = self.place.source + name
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with gzip.open(file, "wt", encoding="utf8") as out:
            out.write("".join(line + "\n" for line in lines))

    def run_job(self, hours=0, key=("source", "id"), folders="hour", lock_hours=0):
        return compact.compact(self.spark, compact.Given(self.place, hours, list(key), folders, lock_hours))

    def run_day(self, hours=0):
        return self.run_job(hours, folders="day", lock_hours=4)

    def rows(self, hour=HOUR):
        return [row.asDict() for row in self.spark.read.parquet(self.place.target + hour).collect()]

    def ids(self, hour=HOUR):
        return [row["id"] for row in self.rows(hour)]

    def broken(self, hour=HOUR):
        folder = self.place.failed + hour
        return [row.value for row in self.spark.read.text(folder).collect()] if os.path.exists(folder) else []

    def files(self):
        names = {}
        for folder, _, files in os.walk(self.place.target):
            names.update({os.path.join(folder, file): os.stat(os.path.join(folder, file)).st_mtime_ns for file in files})
        return names

    def test_copies_of_an_event_become_one_row_and_digits_are_kept(self):
        self.store(HOUR + "a.ndjson.gz", event("2"), event("1"), event("1"))
        self.store(HOUR + "b.ndjson.gz", event("1"), event("1", source="/other"), '{"id":"3","data":12345678901234567890.10}')
        self.assertEqual(self.run_job(), {HOUR: 0})
        self.assertEqual(sorted((row["source"] or "", row["id"]) for row in self.rows()), [("", "3"), ("/other", "1"), ("/s", "1"), ("/s", "2")])
        self.assertEqual([row["data"] for row in self.rows() if row["id"] == "3"], ["12345678901234567890.10"])

    def test_rows_without_a_key_are_kept_and_several_rows_of_an_event_have_another_key(self):
        self.store(HOUR + "a.ndjson.gz", '{"data":1}', '{"data":2}', '{"data":1}', event("1", subject="a"), event("1", subject="b"))
        self.run_job(key=("source", "id", "subject"))
        self.assertEqual(sorted((row["subject"] or "", row["data"] or "") for row in self.rows()), [("", "1"), ("", "2"), ("a", ""), ("b", "")])

    def test_the_first_of_different_copies_is_kept(self):
        self.store(HOUR + "a.ndjson.gz", event("1", time="2026-01-31T08:30:00Z", data="second"), event("1", data="first"))
        self.run_job()
        self.assertEqual([row["data"] for row in self.rows()], ["first"])

    def test_broken_lines_are_kept_apart_until_their_hour_has_none(self):
        self.store(HOUR + "a.ndjson.gz", event("1"), "{broken", "", "[]")
        self.assertEqual(self.run_job(), {HOUR: 2})
        self.assertEqual((self.ids(), self.broken()), (["1"], ["[]", "{broken"]))
        self.store(HOUR + "a.ndjson.gz", event("1"), event("2"))
        self.assertEqual(self.run_job(), {HOUR: 0})
        self.assertEqual((self.ids(), self.broken()), (["1", "2"], []))

    def test_a_second_run_changes_no_file(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        self.run_job()
        before = self.files()
        self.assertEqual((self.run_job(), self.files()), ({}, before))

    def test_a_late_and_a_deleted_object_write_their_hour_again_and_no_other(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        self.store(LATER + "a.ndjson.gz", event("9"))
        self.assertEqual(set(self.run_job()), {HOUR, LATER})
        self.store(HOUR + "late.ndjson.gz", event("2"))
        self.assertEqual((set(self.run_job()), self.ids()), ({HOUR}, ["1", "2"]))
        os.remove(self.place.source + HOUR + "a.ndjson.gz")
        self.assertEqual((set(self.run_job()), self.ids(), self.ids(LATER)), ({HOUR}, ["2"], ["9"]))

    def test_a_run_that_ended_before_its_bookmark_is_repeated(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        self.run_job()
        bookmark = next(file for file in self.files() if "/_from-" in file)
        os.remove(bookmark)
        self.assertEqual((set(self.run_job()), self.ids()), ({HOUR}, ["1"]))

    def test_only_so_many_of_the_newest_hours_are_looked_at(self):
        for hour in ("year=2025/month=12/day=31/hour=23/", HOUR, LATER):
            self.store(hour + "a.ndjson.gz", event("1"))
        self.assertEqual(set(self.run_job(hours=2)), {HOUR, LATER})
        self.assertEqual(set(self.run_job()), {"year=2025/month=12/day=31/hour=23/"})

    def test_a_store_without_objects_is_no_error(self):
        self.assertEqual(self.run_job(), {})
        os.makedirs(self.place.source + "year=2026/month=01")
        self.assertEqual(self.run_job(), {})

    def test_an_hour_that_fails_is_reported_and_the_others_are_written(self):
        self.store(LATER + "a.ndjson.gz", event("9"))
        os.makedirs(self.place.source + HOUR)
        with open(self.place.source + HOUR + "a.ndjson.gz", "wb") as out:
            out.write(b"\x1f\x8b no gzip")
        with self.assertRaisesRegex(RuntimeError, "1 of 2 folders failed, first year=2026/month=01/day=31/hour=08/"):
            self.run_job()
        self.assertEqual(self.ids(LATER), ["9"])

    def test_a_large_hour_becomes_several_files_sorted_by_time(self):
        self.addCleanup(setattr, compact, "FILE_BYTES", compact.FILE_BYTES)
        times = [f"2026-01-31T08:{minute:02}:00Z" for minute in range(60)]
        self.store(HOUR + "a.ndjson.gz", *(event(str(index), time=time) for index, time in enumerate(times)))
        compact.FILE_BYTES = 300
        self.run_job()
        self.assertGreater(len([file for file in self.files() if file.endswith(".parquet")]), 1)
        self.assertEqual(sorted(row["time"] for row in self.rows()), times)

    def test_the_hours_of_a_day_become_one_folder_without_copies(self):
        self.store(HOUR + "a.ndjson.gz", event("1"), event("2"))
        self.store(LATER + "a.ndjson.gz", event("2"), event("3"), "{broken")
        self.assertEqual(self.run_day(), {DAY: 1})
        self.assertEqual((self.ids(DAY), self.broken(DAY)), (["1", "2", "3"], ["{broken"]))
        self.assertEqual({os.path.dirname(file) + "/" for file in self.files()}, {self.place.target + DAY})

    def test_a_day_is_written_again_for_a_late_object_and_for_nothing_else(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        self.store(NEXT + "a.ndjson.gz", event("9"))
        self.assertEqual(set(self.run_day()), {DAY, NEXT_DAY})
        before = self.files()
        self.assertEqual((self.run_day(), self.files()), ({}, before))
        self.store(LATER + "late.ndjson.gz", event("2"))
        self.assertEqual((set(self.run_day()), self.ids(DAY), self.ids(NEXT_DAY)), ({DAY}, ["1", "2"], ["9"]))

    def test_the_newest_hours_are_whole_days(self):
        for hour in (HOUR, LATER, NEXT):
            self.store(hour + "a.ndjson.gz", event("1"))
        self.assertEqual(set(self.run_day(hours=1)), {NEXT_DAY})
        self.assertEqual(set(self.run_day(hours=25)), {DAY})

    def test_a_day_without_objects_and_an_empty_store_are_no_error(self):
        self.assertEqual(self.run_day(), {})
        os.makedirs(self.place.source + HOUR)
        self.assertEqual(self.run_day(), {})

    def test_partitions_of_days_are_columns_of_the_whole_lake(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        self.store(NEXT + "a.ndjson.gz", event("9"))
        self.run_day()
        lake = self.spark.read.parquet(self.place.target).select("id", "year", "month", "day")
        self.assertEqual(sorted(map(tuple, lake.collect())), [("1", 2026, 1, 31), ("9", 2026, 2, 1)])

    def test_a_run_beside_another_one_does_nothing_and_the_next_one_finds_what_it_missed(self):
        self.store(HOUR + "a.ndjson.gz", event("1"))
        other = compact.Lock(compact.Files(self.spark, self.place.target), self.place.target + compact.LOCK, 4)
        self.assertTrue(other.take())
        self.assertEqual((self.run_day(), [file for file in self.files() if not "lock" in file]), (None, []))
        other.give_back()
        self.assertEqual(set(self.run_day()), {DAY})

    def test_the_lock_is_given_back_after_a_failure_and_one_of_a_stopped_run_ends(self):
        os.makedirs(self.place.source + HOUR)
        with open(self.place.source + HOUR + "a.ndjson.gz", "wb") as out:
            out.write(b"\x1f\x8b no gzip")
        with self.assertRaises(RuntimeError):
            self.run_day()
        self.store(HOUR + "a.ndjson.gz", event("1"))
        lock = self.place.target + compact.LOCK
        self.assertFalse(os.path.exists(lock))
        os.makedirs(self.place.target, exist_ok=True)
        with open(lock, "w") as out:
            out.write(f"{int(time.time()) - 1} stopped")
        self.assertEqual((set(self.run_day()), os.path.exists(lock)), ({DAY}, False))

    def test_a_run_gives_back_only_its_own_lock(self):
        files = compact.Files(self.spark, self.place.target)
        first, second = (compact.Lock(files, self.place.target + compact.LOCK, 4) for _ in range(2))
        self.assertEqual((first.take(), second.take()), (True, False))
        second.give_back()
        self.assertTrue(files.exists(self.place.target + compact.LOCK))
        first.give_back()
        self.assertTrue(second.take())


if __name__ == "__main__":
    unittest.main()
