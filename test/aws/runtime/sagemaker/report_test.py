"""What the script of the report does with real files."""

import contextlib
import csv
import gzip
import io
import json
import os
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../../.."))
sys.path.insert(0, os.path.join(ROOT, "aws/runtime/sagemaker/report"))

import main as report  # noqa: E402

HOUR = "year=2026/month=01/day=31/hour=08"


def event(id: str, **members) -> str:
    return json.dumps({"specversion": "1.0", "id": id, "source": "/s", "type": "t", "time": "2026-01-31T08:00:00Z", **members})


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.target = (os.path.join(folder.name, name) for name in ("source", "target"))
        os.makedirs(self.source)

    def store(self, *lines: str, folder: str = HOUR, name: str = "a.ndjson.gz") -> None:
        os.makedirs(os.path.join(self.source, folder), exist_ok=True)
        with gzip.open(os.path.join(self.source, folder, name), "wb") as file:
            file.write("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))

    def run_it(self):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            report.main(["--SOURCE", self.source, "--TARGET", self.target])
        with open(os.path.join(self.target, "events-by-day.csv"), encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        self.assertEqual(head, ["day", "type", "events"])
        self.assertEqual(json.loads(printed.getvalue())["lines"], len(rows))
        return rows

    def test_events_are_counted_by_day_and_type(self):
        self.store(event("1"), event("2"), event("3", type="u"))
        self.store(event("4", time="2026-02-01T00:00:00Z"), folder="year=2026/month=02/day=01/hour=00")
        self.assertEqual(self.run_it(), [["2026-01-31", "t", "2"], ["2026-01-31", "u", "1"], ["2026-02-01", "t", "1"]])

    def test_an_event_that_is_stored_twice_counts_once(self):
        self.store(event("1"), event("1"), event("1", source="/other"))
        self.store(event("1"), folder="year=2026/month=02/day=01/hour=00")
        self.assertEqual(self.run_it(), [["2026-01-31", "t", "2"]])

    def test_the_day_is_that_of_the_event_in_utc(self):
        times = ("2026-02-01T01:00:00+02:00", "2026-01-30T23:30:00.123456789-01:00", "2026-01-31t00:00:00z", "0001-01-01T00:00:00+01:00", 7)
        self.store(*(event(str(index), time=time) for index, time in enumerate(times)))
        self.assertEqual(self.run_it(), [["2026-01-31", "t", "5"]])

    def test_rows_of_other_transforms_count_by_their_folder(self):
        self.store('{"line":1}', '{"line":1}')
        self.assertEqual(self.run_it(), [["2026-01-31", "", "2"]])

    def test_lines_that_are_no_object_are_counted_as_broken(self):
        self.store("", "x", "[]", '{"a":', '"\ud800"', '{"a":' + "[" * 100_000, event("1"))
        self.assertEqual(self.run_it(), [["2026-01-31", "(broken)", "6"], ["2026-01-31", "t", "1"]])

    def test_a_long_number_is_no_error(self):
        self.store('{"id":"1","source":"/s","type":"t","data":' + "1" * 10_000 + "}")
        self.assertEqual(self.run_it(), [["2026-01-31", "t", "1"]])

    def test_a_type_is_no_formula_of_a_spreadsheet(self):
        self.store(event("1", type="=cmd()"), event("2", type='a,"b"\nc'))
        self.assertEqual(self.run_it(), [["2026-01-31", "'=cmd()", "1"], ["2026-01-31", 'a,"b"\nc', "1"]])

    def test_other_files_are_left_alone_and_an_empty_store_has_an_empty_report(self):
        self.store("x", name="a.txt")
        self.assertEqual(self.run_it(), [])

    def test_a_run_can_be_repeated(self):
        self.store(event("1"))
        self.assertEqual(self.run_it(), self.run_it())

    def test_a_store_that_is_not_there_is_an_error(self):
        with self.assertRaisesRegex(SystemExit, "--SOURCE must be a folder, got /nowhere"):
            report.main(["--SOURCE", "/nowhere", "--TARGET", self.target])


if __name__ == "__main__":
    unittest.main()
