"""tests/cluster/table: one table of the reports of several walks."""

import pathlib
import subprocess
import tempfile
import unittest

TABLE = pathlib.Path(__file__).resolve().parent.parent / "cluster" / "table"
REPORT = """# | a kill | 999 | 9 | 9 | 99.0 |
| fault | acknowledged | lost | doubled | seconds without writes |
|---|---|---|---|---|
| a kill | {} | {} | 0 | {} |
| a switchover | 10 | 0 | 0 | 1.5 |
| in all | 20 | 0 | 0 | at most 9.9 at once |
"""


class Table(unittest.TestCase):
    def table(self, *reports):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number, text in enumerate(reports):
                files.append(pathlib.Path(folder) / str(number))
                files[-1].write_text(text, encoding="utf-8")
            return subprocess.run([TABLE, *files], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)

    def test_counts_are_added_up_and_of_the_seconds_median_and_worst_are_shown(self):
        made = self.table(REPORT.format(10, 0, 20.0), REPORT.format(20, 0, 2.0), REPORT.format(30, 0, 3.0))
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(made.stdout.splitlines()[2:], ["| a kill | 60 | 0 | 0 | 3.0 | 20.0 |", "| a switchover | 30 | 0 | 0 | 1.5 | 1.5 |",
                                                        "| in all 3 walks | 90 | 0 | 0 | | 20.0 |"])

    def test_a_loss_in_one_walk_is_seen(self):
        made = self.table(REPORT.format(10, 0, 2.0), REPORT.format(10, 1, 2.0))
        self.assertEqual(made.returncode, 1)
        self.assertIn("| in all 2 walks | 40 | 1 | 0 | | 2.0 |", made.stdout)

    def test_a_walk_without_a_whole_report_is_named(self):
        cut = REPORT.format(10, 0, 2.0).rsplit("\n", 2)[0]
        for other in (cut, "nothing\n", REPORT.format(10, 0, 2.0).replace("| a switchover | 10 | 0 | 0 | 1.5 |\n", "")):
            made = self.table(REPORT.format(10, 0, 2.0), other)
            self.assertEqual((made.returncode, made.stdout), (1, ""))
            self.assertIn("/1", made.stderr)


if __name__ == "__main__":
    unittest.main()
