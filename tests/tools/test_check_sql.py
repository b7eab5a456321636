"""Each rule of tools/check-sql is shown to fire on a query, and the store's own queries to be good."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT / "tools" / "check-sql"

REFUSED = [
    "SELECT a FROM t WHERE b = ?",
    "SELECT a FROM t WHERE b = :b",
    "SELECT a FROM t WHERE b = $2 AND c = $1",
    "SELECT a FROM t WHERE b = $1 AND c = $3",
    "INSERT OR IGNORE INTO t (a) VALUES ($1)",
    "SELECT now() AS n",
    "SELECT * FROM t",
    "SELECT MAX(a) FROM t",
    "SELECT MAX(a, b) AS m FROM t",
    "SELECT a, COUNT(*) FROM t GROUP BY a",
    "SELECT COALESCE(SUM(a), 0) FROM t",
    "SELECT ifnull(a, 0) AS x FROM t",
    "SELECT a FROM t WHERE b == 1",
    "SELECT a FROM t WHERE b != 1",
    "SELECT a FROM t WHERE b IS $1",
    "SELECT a::text AS a FROM t",
    "SELECT rowid AS r FROM t",
    "SELECT a FROM t WHERE b LIKE $1",
    "SELECT a FROM t LIMIT 1, 2",
    "UPDATE t SET a = 1 WHERE b = 2 LIMIT 1",
    "DELETE FROM t LIMIT 1",
    "SELECT a FROM t FOR UPDATE SKIP LOCKED",
    "SELECT a FROM t WHERE b = true",
    "SELECT a FROM t; SELECT b FROM t",
    "PRAGMA journal_mode",
    "UPDATE t SET a = $1 ON CONFLICT DO NOTHING",
]
TAKEN = [
    "SELECT a, COUNT(*) AS n FROM t WHERE b IS NOT NULL AND c <> 'now?' GROUP BY a ORDER BY a DESC LIMIT $1 OFFSET $2",
    "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a",
    "UPDATE t SET a = $1 WHERE b IN (SELECT b FROM u WHERE c = $2 ORDER BY b LIMIT $3) AND a < $1 RETURNING a",
    "DELETE FROM t WHERE a = $1",
    "DELETE FROM t WHERE a = (SELECT MAX(a) FROM t WHERE b = $1)",
    "SELECT a.b AS b, (SELECT COUNT(*) FROM u WHERE u.b = a.b) AS n FROM a",
]


class CheckSql(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory(prefix="kassa-sql-") as folder:
            path = pathlib.Path(folder) / "a.c"
            path.write_text(text, encoding="utf-8")
            return subprocess.run([str(CHECKER), str(path)], stdin=subprocess.DEVNULL, capture_output=True,
                                  check=False).returncode

    def query(self, sql):
        return self.check(f'static const struct db_sql SQL_A = {{"{sql}"}};\n')

    def test_what_one_engine_lacks_is_refused(self):
        for sql in REFUSED:
            with self.subTest(sql):
                self.assertNotEqual(self.query(sql), 0)

    def test_the_shared_dialect_is_taken(self):
        for sql in TAKEN:
            with self.subTest(sql):
                self.assertEqual(self.query(sql), 0)

    def test_macros_of_literals_are_read(self):
        good = '#define COLS "a, " \\\n    "b"\nstatic const struct db_sql Q = {"SELECT " COLS " FROM t"};\n'
        self.assertEqual(self.check(good), 0)
        self.assertNotEqual(self.check(good.replace('"a, "', '"a, now() AS n, "')), 0)

    def test_a_text_that_cannot_be_read_is_refused(self):
        self.assertNotEqual(self.check("static const struct db_sql Q = {make_text(1)};\n"), 0)

    def test_no_query_at_all_is_refused(self):
        self.assertNotEqual(self.check("int a;\n"), 0)

    def test_the_stores_queries_are_good(self):
        answer = subprocess.run([str(CHECKER)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout.decode() + answer.stderr.decode())


if __name__ == "__main__":
    unittest.main()
