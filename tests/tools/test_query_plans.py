"""What is asked for each day, and with each SMS, is found by an index: its cost must not grow with the store."""

import importlib.machinery
import importlib.util
import pathlib
import re
import sqlite3
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def checker():
    loader = importlib.machinery.SourceFileLoader("check_sql", str(ROOT / "tools" / "check-sql"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_sql", loader))
    loader.exec_module(module)
    return module


def queries(name):
    """{"SQL_X": its text} of a file of the store."""
    check = checker()
    path = ROOT / "src" / "store" / name
    text = path.read_text(encoding="utf-8")
    macros = {macro: "".join(check.literal_text(piece) for piece in re.findall(check.LITERAL, body))
              for macro, body, *_ in check.MACRO.findall(text)}
    return {query: check.join(body, macros, query) for query, body in check.QUERY.findall(text)}


class QueryPlans(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = sqlite3.connect(":memory:")
        cls.db.executescript((ROOT / "src/store/sql/0001_sqlite.sql").read_text(encoding="utf-8"))

    @classmethod
    def tearDownClass(cls):
        cls.db.close()

    def plan(self, sql):
        count = max((int(n) for n in re.findall(r"\$(\d+)", sql)), default=0)
        rows = self.db.execute("EXPLAIN QUERY PLAN " + re.sub(r"\$(\d+)", r"?\1", sql), [0] * count)
        return [row[3] for row in rows]

    def by(self, sql, table, index):
        plan = self.plan(sql)
        self.assertTrue(any(table in step and f"INDEX {index} " in step + " " for step in plan), plan)
        self.assertFalse([step for step in plan if step.startswith("SCAN") and index not in step], plan)

    def test_a_day_is_read_by_its_time(self):
        day = queries("store_day.c")
        for name, table, index in [("SQL_CREDITS", "c", "credit_day"), ("SQL_REFUNDS", "refund", "refund_day"),
                                   ("SQL_ATTEMPTS", "attempt", "attempt_day"), ("SQL_RECEIVED", "number_credit", "number_credit_day"),
                                   ("SQL_SMS", "s", "sms_day"), ("SQL_NOTICES", "n", "wallet_notice_day"),
                                   ("SQL_POSTINGS", "e", "ledger_entry_day")]:
            with self.subTest(name):
                self.by(day[name], table, index)

    def test_money_that_became_free_is_found_however_many_trxids_wait(self):
        self.by(queries("store_number_credit.c")["SQL_UNMATCHED"], "number_credit", "number_credit_match")


if __name__ == "__main__":
    unittest.main()
