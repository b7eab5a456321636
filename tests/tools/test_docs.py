"""The documents say all that the program's tables say, and name nothing that is not there."""

import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "doc").glob("*.md")])
STRING = r'"((?:[^"\\]|\\.)*)"'


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(text):
    """The commands of a document: its shell blocks and what stands between backquotes."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return "\n".join(blocks).replace("\\\n", " ").splitlines() + spans


def rows(name, pattern):
    text = re.sub(r"/\*.*?\*/", "", text_of(name), flags=re.S)
    found = re.findall(pattern, text, re.M)
    assert len(found) == len(re.findall(r"^[A-Z]\(", text, re.M)), f"{name}: a row is not understood"
    return found


def errors():
    return [row for row in rows("src/base/err.def", rf"^E\((\w+), (\d+), (\w+), {STRING}, {STRING}\)") if row[0] != "OK"]


def table(name, marker):
    found = re.search(rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->", text_of(name), re.S)
    assert found, f"{name} has no table {marker}"
    return found[1].splitlines()[2:]


class Tables(unittest.TestCase):
    """The tables of configuration, metrics and errors in doc/operations.md are tools/doc-tables' work."""

    maxDiff = None

    def test_the_api_s_errors_are_the_program_s(self):
        told = table("doc/api.md", "errors")
        known = {f"| {status} | `{key}` | {text} |" for _, status, _, key, text in errors() if key}
        self.assertEqual([row for row in told if row not in known], [])
        request = errors()[:[name for name, *_ in errors()].index("SYNTAX")]
        missing = [text for name, status, _, key, text in request
                   if key and name != "FORBIDDEN" and f"| {status} | `{key}` | {text} |" not in told]
        self.assertEqual(missing, [])

    def test_files_that_are_shown_are_as_they_are_installed(self):
        shown = re.findall(r"<!-- file (\S+) -->\n```\w+\n(.*?)```\n<!-- /file -->", text_of("doc/operations.md"), re.S)
        self.assertGreaterEqual(len(shown), 3)
        for name, text in shown:
            self.assertEqual(text, text_of(name), f"doc/operations.md shows another {name}")

    def test_the_table_of_machines_is_the_model_s(self):
        told = re.search(r"<!-- scale -->\n(.*?)<!-- /scale -->", text_of("doc/scale.md"), re.S)[1]
        model = subprocess.run([ROOT / "tools" / "scale-model"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(told, model)

    def test_operations_lists_every_alarm(self):
        raised = set()
        for path in (ROOT / "src").rglob("*.c"):
            raised |= set(re.findall(r'\blog_alarm\(\s*"(\w+)"', path.read_text(encoding="utf-8")))
        told = re.findall(r"^\| `(\w+)`", "\n".join(table("doc/operations.md", "alarms")), re.M)
        self.assertEqual(sorted(told), sorted(raised))


class Api(unittest.TestCase):
    def test_every_field_of_a_create_is_described(self):
        text = text_of("src/core/validate.c")
        names = re.findall(r'\.name = "(\w+)"', text) + re.findall(r"^    ID\((\w+)\),", text, re.M)
        names += [f"customer_{n}" for n in re.findall(r'^    CUSTOMER(?:_INT)?\("(\w+)"', text, re.M)]
        names = [n for n in names if not n.endswith("_")]
        self.assertGreater(len(names), 25)
        told = text_of("doc/api.md").split("## POST /v1/payment:")[1].split("\n## ")[0]
        self.assertEqual([n for n in names if f"`{n}`" not in told], [])

    def test_every_public_route_of_the_api_is_described(self):
        routes = re.findall(r'\{"POST", "(/v1/[^"]+)", ROUTE_API', text_of("src/http/routes.c"))
        self.assertGreaterEqual(len(routes), 3)
        self.assertEqual([r for r in routes if f"## POST {r}" not in text_of("doc/api.md")], [])


class Names(unittest.TestCase):
    """What a document names is there."""

    def test_links_lead_to_files_and_headings(self):
        broken = []
        for doc in DOCS:
            text = re.sub(r"^```.*?^```", "", doc.read_text(encoding="utf-8"), flags=re.M | re.S)
            for link in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, heading = link.partition("#")
                target = (doc.parent / path).resolve() if path else doc
                if not target.exists() or (heading and heading not in self.headings(target)):
                    broken.append(f"{doc.relative_to(ROOT)}: {link}")
        self.assertEqual(broken, [])

    @staticmethod
    def headings(path):
        text = path.read_text(encoding="utf-8")
        return {re.sub(r"[^\w\- ]", "", h.strip().lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}

    def test_commands_and_options_of_kassa_exist(self):
        source = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "src/app/cli").glob("*.c")))
        commands = {f"{noun} {verb}".strip() for noun, verb in re.findall(
            r'\.noun = "([a-z-]+)"(?:,\s*\.verb = "([a-z-]+)")?', source)}
        options = set(re.findall(r'"([a-z][a-z-]+)"', source)) | {"json", "help", "config"}
        nouns = {c.split()[0] for c in commands}
        self.assertGreater(len(commands), 30)
        wrong = []
        for doc in DOCS:
            for line in code_of(doc.read_text(encoding="utf-8")):
                found = re.search(r"(?:^|[ /])kassa((?: --config \S+)?(?: [a-z][a-z-]*){1,2})(?= |$|,)", line)
                if not found:
                    continue
                words = re.sub(r" --config \S+", "", found[1]).split()
                known = " ".join(words) in commands or words[0] in commands or len(words) == 1
                used = re.findall(r" --([a-z][a-z-]+)", line[found.start():].split(" | ")[0])
                if words[0] not in nouns | {"help"} or not known:
                    wrong.append(f"{doc.name}: {line}")
                wrong += [f"{doc.name}: --{o} in {line}" for o in used if o not in options]
        self.assertEqual(wrong, [])

    def test_targets_of_make_exist(self):
        targets = set(re.findall(r"^(\w+):", text_of("Makefile"), re.M))
        wrong = []
        for doc in DOCS:
            for line in code_of(doc.read_text(encoding="utf-8")):
                found = re.match(r"(?:[A-Z_]+=\S+ )*make (\w+)", line)
                if found and found[1] not in targets:
                    wrong.append(f"{doc.name}: {line}")
        self.assertEqual(wrong, [])

    def test_files_that_are_named_exist(self):
        tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files"], stdout=subprocess.PIPE, check=False).stdout.decode().split("\n")
        roots = ("src/", "tests/", "tools/", "doc/", "dist/", "lib/", "web/")
        wrong = []
        for doc in DOCS:
            for span in re.findall(r"`([^`\n]+)`", doc.read_text(encoding="utf-8")):
                path = re.split(r"[ :,]", span)[0].rstrip("/")
                if not path.startswith(roots) or re.search(r"[*{<A-Z]|fuzz_NAME", path):
                    continue
                if not (ROOT / path).exists() and not any(t.startswith(path) for t in tracked):
                    wrong.append(f"{doc.name}: {span}")
        self.assertEqual(wrong, [])

    def test_places_and_tests_that_are_named_exist(self):
        """`file: name`, the name being a function, a constant or a test."""
        wrong, count = [], 0
        for doc in DOCS:
            for path, name in re.findall(r"`((?:src|lib|tests|tools)/[\w./-]+): ([^`\n]+)`", doc.read_text(encoding="utf-8")):
                count += 1
                text = (ROOT / path).read_text(encoding="utf-8").replace("\\'", "'") if (ROOT / path).is_file() else ""
                if path.endswith(".mjs"):
                    found = re.search(rf"""\b(?:test|it|describe)\(['"`](?:\$\{{\w+\}}[^'"`]*: )?{re.escape(name)}""", text)
                elif re.fullmatch(r"\w+", name):
                    found = re.search(rf"\b{name}\b", text)
                else:
                    found = name in text
                if not found:
                    wrong.append(f"{doc.name}: {path}: {name}")
        self.assertGreater(count, 100)
        self.assertEqual(wrong, [])

    def test_every_line_about_the_wallets_has_a_test_of_that_name(self):
        told = dict(re.findall(r"^\| ([BNSE]\d+) \|[^|]+\| ([^|]*) \|$", text_of("doc/wallet-tests.md"), re.M))
        wanted = [f"{letter}{n}" for letter, count in (("B", 17), ("N", 11), ("S", 14), ("E", 6)) for n in range(1, count + 1)]
        self.assertEqual(list(told), wanted)
        bare = [key for key, tests in told.items() if not re.search(rf"`tests/[^:`]+: (?:[^`]* |\w*_)?{key}[ _]", tests, re.I)]
        self.assertEqual(bare, [])

    def test_threats_to_money_have_tests_of_that_name(self):
        names = "".join(p.read_text(encoding="utf-8") for folder in ("api", "sim", "unit", "torture")
                        for p in sorted((ROOT / "tests" / folder).glob("*.*")))
        wanted = [*range(20, 35), 36, 37, 48, 49, 50]
        bare = [n for n in wanted if not re.search(rf"""\b(?:it|test)\(['"`](?:[A-Z]\d+ )*T{n}\b|static void (?:\w+_)?t{n}_""", names)]
        self.assertEqual(bare, [])

    def test_every_threat_is_spoken_of_and_every_covered_one_has_a_test(self):
        text = text_of("doc/threat-model.md")
        rows_ = re.findall(r"^\| ((?:T\d+(?:, )?)+)[^|]*\|.*\| ([^|]*) \|$", text, re.M)
        told = {int(n) for row in rows_ for n in re.findall(r"T(\d+)", row[0])}
        self.assertEqual(sorted(told), list(range(1, 71)))
        covered = text.split("\n## Not covered")[0]
        bare = [row for row in re.findall(r"^\| T\d.*$", covered, re.M) if not re.search(r"`tests/[^`]+` \|$", row)]
        self.assertEqual(bare, [])


if __name__ == "__main__":
    unittest.main()
