"""tools/run-tests counts what each kind of suite says, and takes no silence, crash or hang for success."""

import importlib.machinery
import importlib.util
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def load():
    loader = importlib.machinery.SourceFileLoader("run_tests", str(ROOT / "tools" / "run-tests"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    return module


RUN = load()


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="kassa-run-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def run_file(self, runner, name, text, timeout=60):
        path = self.dir / name
        path.write_text(text, encoding="utf-8")
        log = self.dir / f"{name}.log"
        result = runner(path, log, timeout, {"KASSA_BUILD": str(self.dir)})
        return result, log.read_text(encoding="utf-8")

    def counts(self, result, passed, failed, skipped=0):
        self.assertEqual((result.passed, result.failed, result.skipped), (passed, failed, skipped), result.note)


class Node(Case):
    HEAD = "import test from 'node:test';\nimport assert from 'node:assert';\n"

    def test_passes_failures_and_skips_are_counted(self):
        text = self.HEAD + "test('a', () => {});\ntest('b', () => assert.equal(1, 2));\ntest('c', { skip: true }, () => {});\n"
        self.counts(self.run_file(RUN.run_node, "a.test.mjs", text)[0], 1, 1, 1)

    def test_a_file_that_cannot_be_read_fails(self):
        self.counts(self.run_file(RUN.run_node, "a.test.mjs", "import './none.mjs';\n")[0], 0, 1)

    def test_a_file_without_tests_fails(self):
        self.counts(self.run_file(RUN.run_node, "a.test.mjs", "export {};\n")[0], 0, 1)

    def test_an_exit_in_the_middle_fails(self):
        result, _ = self.run_file(RUN.run_node, "a.test.mjs", self.HEAD + "test('a', () => process.exit(0));\n")
        self.assertGreater(result.failed, 0)

    def test_a_hanging_file_fails_and_is_ended(self):
        text = self.HEAD + "test('a', () => {});\nsetInterval(() => {}, 1000);\n"
        result, log = self.run_file(RUN.run_node, "a.test.mjs", text, timeout=3)
        self.assertGreater(result.failed, 0)
        self.assertIn("took too long", result.note)
        self.assertIn("*** ended", log)


class Python(Case):
    HEAD = "import unittest\nclass A(unittest.TestCase):\n"

    def test_passes_failures_and_skips_are_counted(self):
        text = self.HEAD + ("    def test_a(self):\n        pass\n    def test_b(self):\n        self.fail('no')\n"
                            "    def test_c(self):\n        self.skipTest('later')\n    def test_d(self):\n        1 / 0\n")
        self.counts(self.run_file(RUN.run_python, "test_a.py", text)[0], 1, 2, 1)

    def test_all_passed(self):
        self.counts(self.run_file(RUN.run_python, "test_a.py", self.HEAD + "    def test_a(self):\n        pass\n")[0], 1, 0)

    def test_a_crash_and_an_empty_file_fail(self):
        text = self.HEAD + "    def test_a(self):\n        import os\n        os.abort()\n"
        self.counts(self.run_file(RUN.run_python, "test_a.py", text)[0], 0, 1)
        self.counts(self.run_file(RUN.run_python, "test_b.py", "import unittest\n")[0], 0, 1)


class Shell(Case):
    def test_tap_lines_are_counted(self):
        text = "echo ok 1 - a\necho not ok 2 - b\necho 'ok 3 - c # SKIP no tool'\necho '  ok nested'\necho okay\nexit 1\n"
        self.counts(self.run_file(RUN.run_shell, "test-a.sh", text)[0], 1, 1, 1)

    def test_a_failing_script_fails_though_its_lines_are_good(self):
        self.counts(self.run_file(RUN.run_shell, "test-a.sh", "echo ok 1\nexit 3\n")[0], 1, 1)

    def test_a_silent_script_fails(self):
        self.counts(self.run_file(RUN.run_shell, "test-a.sh", "true\n")[0], 0, 1)

    def test_a_plan_that_is_not_kept_fails(self):
        self.counts(self.run_file(RUN.run_shell, "test-a.sh", "echo 1..3\necho ok 1\n")[0], 1, 2)

    def test_the_build_is_told(self):
        _, log = self.run_file(RUN.run_shell, "test-a.sh", 'echo "ok - $KASSA_BUILD"\n')
        self.assertIn(f"ok - {self.dir}", log)

    def test_what_a_script_leaves_running_is_ended(self):
        result, _ = self.run_file(RUN.run_shell, "test-a.sh", f"sleep 300 & echo $! >{self.dir}/pid\necho ok\n")
        self.counts(result, 1, 0)
        pid = int((self.dir / "pid").read_text(encoding="utf-8"))
        for _ in range(50):
            if not alive(pid):
                return
            time.sleep(0.1)
        self.fail("it still runs")


class Meson(Case):
    CMOCKA = ("[==========] Running 3 test(s).\n[ RUN      ] a\n[       OK ] a\n[==========] 3 test(s) run.\n"
              "[  PASSED  ] 2 test(s).\n")

    def test_the_tests_in_a_cmocka_program_are_counted(self):
        self.counts(RUN.meson_result({"name": "a", "result": "OK", "stdout": self.CMOCKA}), 2, 0)
        bad = self.CMOCKA + "[  FAILED  ] tests: 1 test(s), listed below:\n[  FAILED  ] b\n\n 1 FAILED TEST(S)\n"
        self.counts(RUN.meson_result({"name": "a", "result": "FAIL", "stdout": bad}), 2, 1)

    def test_other_programs_count_as_one(self):
        self.counts(RUN.meson_result({"name": "a", "result": "OK", "stdout": "hello"}), 1, 0)
        self.counts(RUN.meson_result({"name": "a", "result": "TIMEOUT", "stdout": ""}), 0, 1)
        self.counts(RUN.meson_result({"name": "a", "result": "SKIP"}), 0, 0, 1)

    def test_a_sanitizer_that_stops_a_good_looking_program_fails_it(self):
        self.counts(RUN.meson_result({"name": "a", "result": "FAIL", "stdout": self.CMOCKA}), 2, 1)


class Stopping(Case):
    def tree(self):
        """A project of one shell suite that says its process id and then sleeps."""
        (self.dir / "tools").mkdir()
        (self.dir / "tests" / "tools").mkdir(parents=True)
        (self.dir / "tools" / "build").write_text("#!/bin/bash\n", encoding="utf-8")
        (self.dir / "tools" / "build").chmod(0o755)
        shutil.copy(ROOT / "tools" / "run-tests", self.dir / "tools" / "run-tests")
        text = f"echo $$ >{self.dir}/pid.new\nmv {self.dir}/pid.new {self.dir}/pid\nsleep 300\necho ok\n"
        (self.dir / "tests" / "tools" / "test-a.sh").write_text(text, encoding="utf-8")

    def wait(self, condition):
        for _ in range(200):
            if condition():
                return
            time.sleep(0.1)
        self.fail("it took too long")

    def test_a_stopped_run_leaves_nothing_running(self):
        self.tree()
        run = subprocess.Popen([str(self.dir / "tools" / "run-tests"), "--only", "tools"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.kill)
        self.wait((self.dir / "pid").exists)
        pid = int((self.dir / "pid").read_text(encoding="utf-8"))
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(10), 143)
        self.wait(lambda: not alive(pid))


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


class Counting(Case):
    def test_all_names_of_suites_have_files_of_their_own(self):
        for suites in (RUN.suites(), RUN.suites_wholly_on_postgres()):
            names = [suite.name for suite in suites]
            self.assertEqual(len(names), len(set(names)))

    def test_every_test_file_belongs_to_a_suite(self):
        self.assertEqual([str(p) for p in RUN.strangers()], [])

    def test_what_is_not_on_postgresql_is_there_and_is_told(self):
        table = (ROOT / "HACKING.md").read_text(encoding="utf-8")
        for name, (why, instead) in RUN.NOT_ON_POSTGRES.items():
            self.assertTrue((ROOT / "tests" / name).exists(), name)
            self.assertTrue(instead is None or (ROOT / "tests" / instead).exists(), instead)
            self.assertIn(f"| `{name}` | {why} | {f'`{instead}`' if instead else ''} |", table)
        for name in RUN.LATER_ON_POSTGRES:
            self.assertTrue((ROOT / "tests" / name).exists(), name)


class Tracks(Case):
    def suite(self, name, track, function, needs=None):
        return RUN.Suite(name, needs, track, function)

    def test_both_tracks_run_beside_each_other_after_the_first(self):
        meet = threading.Barrier(2, timeout=20)
        ran = []

        def alone():
            ran.append("first")
            return RUN.Result(passed=1)

        def together():
            meet.wait()
            ran.append("beside")
            return RUN.Result(passed=1)

        total = RUN.Run([]).all([self.suite("a", "left", together), self.suite("b", "right", together), self.suite("c", "first", alone)])
        self.assertEqual((ran, total.passed, total.failed), (["first", "beside", "beside"], 3, 0))

    def test_who_is_done_takes_over_and_nobody_comes_before_his_build(self):
        ended, built = threading.Event(), threading.Event()

        def long():
            self.assertTrue(ended.wait(20), "the other track takes what is left of this one")
            return RUN.Result(passed=1)

        def needs_build():
            return RUN.Result(passed=int(built.is_set()), failed=int(not built.is_set()))

        total = RUN.Run([]).all([
            self.suite("long", "left", long),
            self.suite("build x", "right", lambda: time.sleep(0.2) or built.set() or RUN.Result(passed=1)),
            self.suite("early", "left", needs_build, "x"),
            self.suite("last", "left", lambda: ended.set() or RUN.Result(passed=1), "x")])
        self.assertEqual((total.passed, total.failed), (4, 0))

    def test_one_at_a_time_builds_in_a_folder(self):
        inside = threading.Semaphore(1)

        def alone():
            alone_here = inside.acquire(blocking=False)
            time.sleep(0.1)
            if alone_here:
                inside.release()
            return RUN.Result(passed=int(alone_here), failed=int(not alone_here))

        total = RUN.Run([]).all([RUN.Suite(f"{track} {i}", None, track, alone, "asan") for track in ("left", "right") for i in range(3)])
        self.assertEqual((total.passed, total.failed), (6, 0))

    def test_a_suite_that_breaks_fails_and_the_next_ones_run(self):
        def broken():
            raise OSError("no")

        total = RUN.Run([]).all([self.suite("a", "left", broken), self.suite("b", "left", lambda: RUN.Result(passed=1))])
        self.assertEqual((total.passed, total.failed), (1, 1))


if __name__ == "__main__":
    unittest.main()
