"""The bench runs through and gives each figure. How large they are is no test's business."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "tests" / "bench"
sys.path.insert(0, str(BENCH))
sys.dont_write_bytecode = True

import report


class Quick(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="kassa-bench-")
        self.addCleanup(folder.cleanup)
        self.out = pathlib.Path(folder.name) / "bench.json"

    def bench(self, *args):
        done = subprocess.run([BENCH / "run", "--quick", "--out", self.out, *args], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(self.out.read_text(encoding="utf-8")), done.stdout

    def test_a_quick_run_gives_each_figure_and_a_table(self):
        data, table = self.bench()
        for key, text, *_ in report.ROWS:
            if not key.startswith("growth."):
                self.assertIsInstance(report.value(data, key), (int, float), key)
                self.assertIn(text, table)
        for key in ("machine", "commit", "spread", "disk"):
            self.assertIn(key, data)
        self.assertGreater(len(data["disk"]["parts"]), 10)

    def test_growth_adds_its_figures_to_those_that_are_there(self):
        self.out.write_text('{"create": {"cpu_us": 12.5}}', encoding="utf-8")
        data, table = self.bench("--growth", "--sizes", "1000")
        self.assertEqual(data["create"]["cpu_us"], 12.5)
        self.assertIsInstance(data["growth"]["rate_1k"], float)
        for key, text, _ in report.GROWTH_ROWS:
            self.assertIsInstance(data["growth"][f"{key}_1k"], (int, float), key)
            self.assertIn(text, table)

    def test_the_cabinets_pages_are_measured(self):
        done = subprocess.run([BENCH / "run-cabinet", "--payments", "400", "--times", "2", "--out", self.out], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        data = json.loads(self.out.read_text(encoding="utf-8"))
        for key in ("overview.p50_ms", "list.p50_ms", "find_trx.p50_ms", "payment.p50_ms", "statement.p50_ms", "export.s"):
            self.assertIsInstance(data[key], (int, float), key)


class Table(unittest.TestCase):
    def test_a_goal_is_met_or_missed_by_its_direction(self):
        self.assertEqual(report.goal_text(2.4, (report.MOST, 2.5)), "≤ 2.5 met")
        self.assertEqual(report.goal_text(2.6, (report.MOST, 2.5)), "≤ 2.5 MISSED")
        self.assertEqual(report.goal_text(0.8, (report.LEAST, 0.8)), "≥ 0.8 met")
        self.assertEqual(report.goal_text(0.7, (report.LEAST, 0.8)), "≥ 0.8 MISSED")
        self.assertEqual(report.goal_text(5, ()), "")

    def test_what_was_not_measured_has_no_value(self):
        self.assertIsNone(report.value({"create": {"cpu_us": 1}}, "create.none"))
        self.assertIsNone(report.value({}, "growth.rate_1m"))
        self.assertEqual(report.value({"create": {"cpu_us": 1}}, "create.cpu_us"), 1)


if __name__ == "__main__":
    unittest.main()
