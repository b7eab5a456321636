"""Each rule of tools/check-source is shown to fire on a small bad tree, and to leave good ones alone."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT / "tools" / "check-source"
NOTE = "TO" + "DO"


def guarded(body="", name="KASSA_A_H"):
    return f"#ifndef {name}\n#define {name}\n\n{body}\n#endif\n"


class Case(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kassa-check-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.put(".clang-format", (ROOT / ".clang-format").read_text(encoding="utf-8"))

    def put(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def check(self, rules):
        answer = subprocess.run([str(CHECKER), "--root", str(self.root), "--only", rules], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return answer.returncode, answer.stdout.decode()

    def refused(self, rules, *wanted):
        code, said = self.check(rules)
        self.assertEqual(code, 1, said)
        for text in wanted:
            self.assertIn(text, said)
        return said

    def accepted(self, rules):
        code, said = self.check(rules)
        self.assertEqual(code, 0, said)


class Format(Case):
    def test_code_that_clang_format_would_change_is_refused(self):
        self.put("src/base/a.c", "int   a;\n")
        self.refused("format", "src/base/a.c:1: is not as clang-format writes it")

    def test_formatted_code_is_accepted_and_a_later_change_is_seen(self):
        self.put("src/base/a.c", "int a;\n")
        self.accepted("format")
        self.accepted("format")
        self.put("src/base/a.c", "int  a;\n")
        self.refused("format", "src/base/a.c:1:")

    def test_format_rewrites_what_it_refused(self):
        self.put("tests/unit/a.c", "int   a;\n")
        subprocess.run([str(CHECKER), "--root", str(self.root), "--format"], check=True)
        self.assertEqual((self.root / "tests/unit/a.c").read_text(encoding="utf-8"), "int a;\n")


class Headers(Case):
    def test_a_header_that_needs_another_is_refused(self):
        self.put("src/base/a.h", guarded("size_t a_length(void);"))
        self.refused("headers", "src/base/a.h:1: does not compile alone", "size_t")

    def test_a_header_is_looked_at_again_when_one_below_it_changes(self):
        self.put("src/base/a.h", guarded("#include <stddef.h>\n"))
        self.put("src/base/b.h", guarded('#include "base/a.h"\nsize_t b(void);', "KASSA_B_H"))
        self.accepted("headers")
        self.put("src/base/a.h", guarded())
        self.refused("headers", "src/base/b.h:1:")


class Layers(Case):
    def test_core_may_not_see_the_store(self):
        self.put("src/store/s.h", guarded())
        self.put("src/core/c.c", '#include "store/s.h"\n')
        self.refused("layers", "src/core/c.c:1: src/core must not include src/store/s.h")

    def test_store_and_wallet_never_meet(self):
        self.put("src/store/s.h", guarded())
        self.put("src/wallet/w.h", guarded(name="KASSA_W_H"))
        self.put("src/store/s.c", '#include "wallet/w.h"\n')
        self.put("src/wallet/w.c", '#include "../store/s.h"\n')
        self.refused("layers", "src/store/s.c:1:", "src/wallet/w.c:1:")

    def test_the_library_sees_base_and_sign_only(self):
        self.put("src/base/a.h", guarded())
        self.put("src/core/notify.h", guarded())
        self.put("src/core/ledger.h", guarded())
        self.put("lib/kassa.c", '#include "base/a.h"\n#include "core/notify.h"\n#include "core/ledger.h"\n')
        said = self.refused("layers", "lib/kassa.c:3: lib must not include src/core/ledger.h")
        self.assertNotIn("lib/kassa.c:1:", said)
        self.assertNotIn("lib/kassa.c:2:", said)

    def test_service_may_see_both_sides_and_app_all(self):
        for room in ("base", "core", "store", "wallet", "service", "http"):
            self.put(f"src/{room}/{room}.h", guarded())
        self.put("src/service/s.c", '#include "store/store.h"\n#include "wallet/wallet.h"\n')
        self.put("src/app/a.c", '#include "http/http.h"\n#include "base/base.h"\n')
        self.accepted("layers")

    def test_the_simulator_stays_out_of_the_product(self):
        self.put("src/app/walletsim/sim.h", guarded())
        self.put("src/app/kassad.c", '#include "app/walletsim/sim.h"\n')
        self.refused("layers", "src/app/kassad.c:1: the simulator is no part of the product")

    def test_third_party_headers_stay_where_they_belong(self):
        homes = {
            "openssl/evp.h": "src/base/crypto.c", "sodium.h": "src/base/box.c", "yajl/yajl_parse.h": "src/base/json.c",
            "ini.h": "src/base/config.c", "microhttpd.h": "src/http/server.c", "curl/curl.h": "src/wallet/httpc.c",
            "sqlite3.h": "src/store/db_sqlite.c",
        }
        for header, home in homes.items():
            with self.subTest(header=header):
                self.put(home, f"#include <{header}>\n")
                self.accepted("layers")
                self.put("src/service/wrong.c", f"#include <{header}>\n")
                self.refused("layers", f"src/service/wrong.c:1: {header} belongs to")
                (self.root / "src/service/wrong.c").unlink()

    def test_a_file_outside_the_rooms_is_refused(self):
        self.put("src/cellar/a.c", "int a;\n")
        self.refused("layers", "src/cellar/a.c:1: is in no room")

    def test_tests_may_include_all(self):
        self.put("src/store/s.h", guarded())
        self.put("tests/unit/test_s.c", '#include "store/s.h"\n#include <sqlite3.h>\n')
        self.accepted("layers")


class Lengths(Case):
    def function(self, lines):
        return "int\nlong_one(int a)\n{\n" + "    a++;\n" * (lines - 4) + "}\n"

    def test_a_function_of_71_lines_is_refused_and_one_of_70_is_not(self):
        self.put("src/base/a.c", self.function(70))
        self.accepted("lengths")
        self.put("src/base/a.c", "int a;\n" + self.function(71))
        self.refused("lengths", "src/base/a.c:2: long_one has 71 lines, 70 at most")

    def test_a_file_of_601_lines_is_refused(self):
        self.put("src/base/a.c", "int a;\n" * 601)
        self.refused("lengths", "src/base/a.c:601: the file has 601 lines")

    def test_an_exception_with_a_reason_is_taken(self):
        self.put("src/base/a.c", self.function(71))
        self.put("tools/length-allow.txt", "src/base/a.c:long_one one table in code\n")
        self.accepted("lengths,allow-lists")

    def test_an_exception_without_a_reason_is_refused(self):
        self.put("src/base/a.c", self.function(71))
        self.put("tools/length-allow.txt", "src/base/a.c:long_one\n")
        self.refused("lengths", "tools/length-allow.txt:1: an entry needs a reason")

    def test_an_exception_that_excuses_nothing_is_refused(self):
        self.put("src/base/a.c", self.function(70))
        self.put("tools/length-allow.txt", "# lengths\nsrc/base/a.c:long_one it was long\n")
        self.refused("lengths", "tools/length-allow.txt:2: src/base/a.c:long_one needs no exception")


class Calls(Case):
    def test_unsafe_calls_are_refused_everywhere(self):
        for call in ("strcpy(a, b)", "strcat(a, b)", "sprintf(a, b)", "vsprintf(a, b, c)", "gets(a)", "strtok(a, b)",
                     "atoi(a)", "atol(a)", "atof(a)", "strncpy(a, b, 1)", "strncat(a, b, 1)", "rand()", "localtime(a)",
                     "gmtime(a)", "ctime(a)", "asctime(a)", "alloca(1)", "system(a)", "popen(a, b)"):
            for path in ("src/app/a.c", "tests/unit/a.c"):
                with self.subTest(call=call, path=path):
                    self.put(path, f"void f(void)\n{{\n    {call};\n}}\n")
                    self.refused("calls", f"{path}:3: {call.split('(')[0]}() is not for here")
                    (self.root / path).unlink()

    def test_time_environment_and_memory_have_one_home_each(self):
        for call, home in (("time(NULL)", "src/base/clock.c"), ("clock_gettime(0, t)", "src/base/clock.c"),
                           ("gettimeofday(t, NULL)", "src/base/clock.c"), ('getenv("A")', "src/app/kassad.c"),
                           ("malloc(1)", "src/base/mem.c"), ("free(p)", "src/base/mem.c"),
                           ("strdup(p)", "src/base/mem.c"), ("calloc(1, 1)", "src/base/json.c")):
            with self.subTest(call=call):
                text = f"void f(void)\n{{\n    {call};\n}}\n"
                self.put(home, text)
                self.put("tests/unit/a.c", text)
                self.accepted("calls")
                self.put("src/service/a.c", text)
                self.refused("calls", f"src/service/a.c:3: {call.split('(')[0]}() is not for here")
                (self.root / "src/service/a.c").unlink()
                (self.root / home).unlink()

    def test_names_in_comments_strings_members_and_longer_names_are_no_calls(self):
        self.put("src/core/a.c", "/* strcpy(a) */\nvoid f(struct a *a)\n{\n    a->free(a);\n    a->ops.time(a);\n"
                                 '    say("atoi(x)");\n    mem_free(a);\n    my_time(a);\n    sqlite3_free(a);\n}\n')
        self.accepted("calls")

    def test_an_exception_is_for_one_rule_and_one_file(self):
        self.put("src/core/a.c", "void f(void)\n{\n    malloc(1);\n}\n")
        self.put("src/core/b.c", "void f(void)\n{\n    malloc(1);\n}\n")
        self.put("tools/check-allow.txt", "calls src/core/a.c a library frees it\n")
        said = self.refused("calls", "src/core/b.c:3:")
        self.assertNotIn("src/core/a.c:3:", said)

    def test_an_exception_that_excuses_nothing_or_names_no_rule_is_refused(self):
        self.put("src/core/a.c", "int a;\n")
        self.put("tools/check-allow.txt", "calls src/core/a.c it once did\nmanners src/core/a.c none\ncalls src/core/a.c\n")
        self.refused("calls", "tools/check-allow.txt:2: there is no rule manners",
                     "tools/check-allow.txt:3: an entry needs a reason", "needs no exception from calls")


class Floats(Case):
    def test_floating_point_near_money_is_refused(self):
        for path in ("src/core/a.c", "src/base/money.h", "src/store/a.c", "src/service/a.c", "src/wallet/a.c"):
            with self.subTest(path=path):
                self.put(path, "int a;\ndouble b;\n")
                self.refused("floats", f"{path}:2: floating point")
                (self.root / path).unlink()

    def test_elsewhere_it_is_not(self):
        self.put("src/base/metrics.c", "double seconds;\n")
        self.accepted("floats")


class Sql(Case):
    def test_sql_outside_the_store_is_refused(self):
        for sql in ("SELECT a FROM b", "INSERT INTO a VALUES (1)", "UPDATE a SET b = 1", "DELETE FROM a",
                    "CREATE TABLE a (b)", "PRAGMA journal_mode", "BEGIN IMMEDIATE"):
            with self.subTest(sql=sql):
                self.put("src/service/a.c", f'const char *a = "{sql}";\n')
                self.refused("sql", "src/service/a.c:1: SQL belongs to src/store")

    def test_in_the_store_it_is_at_home_and_prose_is_no_sql(self):
        self.put("src/store/store_a.c", 'const char *a = "SELECT 1";\n')
        self.put("src/app/walletsim/sim_store.c", 'const char *a = "SELECT 1";\n')
        self.put("src/app/kassa.c", '/* "SELECT 1" */\nconst char *a = "Select one, update it";\n')
        self.accepted("sql")


class Text(Case):
    def test_tabs_and_blanks_at_line_ends_are_refused(self):
        self.put("src/base/a.c", "int a;\n\tint b;\n")
        self.put("doc/a.md", "one \ntwo\n")
        self.refused("text", "src/base/a.c:2: has a tab", "doc/a.md:1: has blanks at its end")

    def test_notes_to_self_are_refused(self):
        self.put("src/base/a.c", f"/* {NOTE}: later */\n")
        self.put("tests/api/a.mjs", f"// {NOTE}\n")
        self.refused("text", f"src/base/a.c:1: {NOTE}", f"tests/api/a.mjs:1: {NOTE}")

    def test_line_comments_are_refused_in_c_only(self):
        self.put("src/base/a.c", 'const char *a = "http://b"; // no\n')
        self.put("src/base/b.c", 'const char *b = "http://b";\n')
        self.put("tests/api/a.mjs", "// yes\n")
        said = self.refused("text", "src/base/a.c:1: comments are")
        self.assertNotIn("b.c:", said)
        self.assertNotIn("a.mjs:", said)

    def test_a_file_ends_with_one_line_end(self):
        self.put("src/base/a.c", "int a;")
        self.put("src/base/b.c", "int b;\n\n")
        self.refused("text", "src/base/a.c:1: does not end with a line end", "src/base/b.c:2: ends with an empty line")

    def test_a_path_of_one_machine_is_refused(self):
        self.put("doc/a.md", "see /" + "root/notes\n")
        self.refused("text", "doc/a.md:1: names a path of one machine")

    def test_makefiles_and_binaries_may_have_tabs(self):
        self.put("Makefile", "all:\n\ttrue\n")
        (self.root / "seed").write_bytes(b"\0\t ")
        self.accepted("text")


class Guards(Case):
    def test_a_header_without_a_guard_is_refused(self):
        self.put("src/base/a.h", "int a(void);\nint b(void);\n")
        self.refused("guards", "src/base/a.h:1: has no include guard")

    def test_two_headers_with_one_guard_are_refused(self):
        self.put("src/base/a.h", guarded())
        self.put("src/base/b.h", guarded())
        self.refused("guards", "src/base/b.h:1: shares its guard with src/base/a.h")

    def test_code_behind_the_guard_is_refused(self):
        self.put("src/base/a.h", guarded() + "int a(void);\n")
        self.refused("guards", "src/base/a.h:1: has no include guard")


class Generated(Case):
    def test_a_stale_file_is_refused_and_a_fresh_one_is_not(self):
        self.put("tools/generators.txt", "# output, command\ndoc/a.txt\tprintf 'a\\n'\n")
        self.put("doc/a.txt", "a\n")
        self.accepted("generated")
        self.put("doc/a.txt", "b\n")
        self.refused("generated", "doc/a.txt:1: is not fresh: run printf")

    def test_a_missing_file_a_failing_command_and_a_bad_line_are_refused(self):
        self.put("tools/generators.txt", "doc/a.txt\techo a\ndoc/b.txt\techo no >&2; false\ndoc/c.txt echo\n")
        self.refused("generated", "doc/a.txt:1: is not fresh", "tools/generators.txt:2:", "no",
                     "tools/generators.txt:3: a line is")


class Scripts(Case):
    def test_scripts_that_do_not_parse_are_refused(self):
        self.put("tools/a", "#!/bin/bash\nif true; then\n")
        self.put("tools/b.sh", "for\n")
        self.put("tools/c", "#!/usr/bin/python3\ndef a(:\n")
        self.put("tests/d.mjs", "const = 1;\n")
        self.put("tests/e.php", "<?php\nfunction (;\n")
        self.refused("scripts", "tools/a:", "tools/b.sh:", "tools/c:2:", "tests/d.mjs:1:", "tests/e.php:2:")

    def test_scripts_that_parse_are_accepted(self):
        self.put("tools/a", "#!/bin/bash\ntrue\n")
        self.put("tools/c", "#!/usr/bin/python3\na = 1\n")
        self.put("tests/d.mjs", "import 'node:fs';\nawait 1;\n")
        self.accepted("scripts")


class Locks(Case):
    def test_a_lock_file_with_a_registry_is_refused(self):
        self.put("tests/package-lock.json", '{\n"packages": {"node_modules/a": {\n"resolved": "https://r.example/a.tgz",\n'
                                            '"integrity": "sha512-a"}}}\n')
        self.refused("locks", "tests/package-lock.json:3: names a registry's address")

    def test_a_package_without_integrity_is_refused(self):
        self.put("tests/package-lock.json", '{"packages": {"": {}, "node_modules/a": {"version": "1"}}}\n')
        self.refused("locks", "node_modules/a has no integrity")


class Whole(Case):
    def test_the_rules_are_counted_as_tap(self):
        self.put("src/base/a.c", "int a;\n")
        code, said = self.check("text,calls")
        self.assertEqual(code, 0)
        self.assertIn("ok 1 - text", said)
        self.assertIn("ok 2 - calls", said)
        self.assertTrue(said.endswith("1..2\n"))

    def test_ignored_files_are_not_checked(self):
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        self.put(".gitignore", "/build/\n")
        self.put("build/a.c", "int a;\t\n")
        self.accepted("text")
        self.put("src/base/a.c", "int a;\t\n")
        self.refused("text", "src/base/a.c:1: has a tab")


if __name__ == "__main__":
    unittest.main()
