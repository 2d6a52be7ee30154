"""What the script of the baseline does with real files."""

import contextlib
import gzip
import io
import json
import os
import re
import shlex
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../../.."))
FOLDER = os.path.join(ROOT, "azure/runtime/machine-learning/baseline")
sys.path.insert(0, FOLDER)

import main as baseline  # noqa: E402

HOUR = "year=2026/month=01/day=31/hour=08"


def event(id: str, value=None, source: str = "/press/7", **members) -> str:
    return json.dumps({"specversion": "1.0", "id": id, "source": source, "type": "t", "data": {"value": value}, **members})


class Baseline(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.target = (os.path.join(folder.name, name) for name in ("source", "target"))
        os.makedirs(self.source)

    def store(self, *lines: str, name: str = "a.ndjson.gz") -> None:
        os.makedirs(os.path.join(self.source, HOUR), exist_ok=True)
        with gzip.open(os.path.join(self.source, HOUR, name), "wb") as file:
            file.write("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))

    def written(self) -> str:
        with contextlib.redirect_stdout(io.StringIO()):
            baseline.main(["--SOURCE", self.source, "--TARGET", self.target])
        with open(os.path.join(self.target, "baseline.json"), encoding="utf-8", newline="") as file:
            return file.read()

    def learnt(self):
        return json.loads(self.written())

    def test_learns_the_mean_and_the_deviation_of_each_source(self):
        self.store(event("1", 2), event("2", 4), event("3", 6), event("4", 100, source="/press/8"))
        sources = self.learnt()["sources"]
        self.assertEqual(sources["/press/7"], {"count": 3, "mean": 4.0, "deviation": 2.0, "low": -2.0, "high": 10.0})
        self.assertEqual(sources["/press/8"], {"count": 1, "mean": 100.0, "deviation": 0.0, "low": 100.0, "high": 100.0})

    def test_counts_an_event_once_that_is_stored_twice(self):
        self.store(event("1", 2), event("1", 2))
        self.store(event("1", 2), event("2", 4), name="b.ndjson.gz")
        self.assertEqual(self.learnt()["sources"]["/press/7"]["count"], 2)

    def test_one_id_of_two_sources_is_two_events(self):
        self.store(event("1", 2), event("1", 2, source="/press/8"))
        self.assertEqual(len(self.learnt()["sources"]), 2)

    def test_leaves_out_what_is_no_number_and_says_how_much(self):
        self.store(event("1", "4"), event("2", True), event("3"), "no json", "[1]", '{"source": 5, "data": {"value": 1}}', event("4", 4))
        self.assertEqual((self.learnt()["leftOut"], self.learnt()["sources"]["/press/7"]["count"]), (6, 1))

    def test_a_number_that_is_too_large_or_infinite_spoils_no_mean(self):
        self.store('{"id": "1", "source": "/s", "data": {"value": 1e999}}', event("2", 10**400, source="/s"), event("3", 1, source="/s"))
        self.assertEqual(self.learnt()["sources"]["/s"]["mean"], 1.0)

    def test_keeps_the_digits_of_large_numbers_that_differ_little(self):
        self.store(*(event(str(n), 1e9 + n % 3) for n in range(300)))
        self.assertAlmostEqual(self.learnt()["sources"]["/press/7"]["deviation"], 0.8178608, places=5)

    def test_the_same_files_give_the_same_bytes(self):
        self.store(*(event(str(n), n / 7, source=f"/{n % 5}") for n in range(100)))
        self.assertEqual(self.written(), self.written())

    def test_other_files_are_left_alone_and_no_event_is_no_fault(self):
        with open(os.path.join(self.source, "note.txt"), "w", encoding="utf-8") as file:
            file.write(event("1", 4))
        self.assertEqual(self.learnt(), {"sources": {}, "leftOut": 0})

    def test_a_folder_that_does_not_exist_fails_the_job(self):
        with self.assertRaisesRegex(SystemExit, "--SOURCE must be a folder, got"):
            baseline.main(["--SOURCE", os.path.join(self.source, "none"), "--TARGET", self.target])

    def test_the_command_of_the_job_runs_it(self):
        with open(os.path.join(FOLDER, "job.yml"), encoding="utf-8") as file:
            command = re.search(r"^command: python main\.py (.+)$", file.read(), re.MULTILINE)
        folders = {"${{inputs.source}}": self.source, "${{outputs.target}}": self.target}
        self.store(event("1", 4))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            baseline.main([folders.get(word, word) for word in shlex.split(command.group(1))])
        self.assertEqual(json.loads(printed.getvalue()), {"message": "Baseline written.", "sources": 1, "leftOut": 0})


if __name__ == "__main__":
    unittest.main()
