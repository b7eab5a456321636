"""tools/web and web/cabinet's generator: what they refuse, and that a build after the first needs nothing."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WEB = ROOT / "web" / "cabinet"


class Web(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([ROOT / "tools" / "web"], check=True, stderr=subprocess.DEVNULL)

    def test_a_build_of_what_has_not_changed_asks_neither_node_nor_the_network(self):
        with tempfile.TemporaryDirectory() as empty:
            out = pathlib.Path(empty) / "files.c"
            done = subprocess.run(["/usr/bin/python3", ROOT / "tools" / "web", out], env={"PATH": empty}, stderr=subprocess.PIPE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn('"/cabinet/index.html"', out.read_text())

    def test_the_same_files_are_embedded_as_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "files.c"
            subprocess.run(["node", ROOT / "tools" / "embed-web.mjs", ROOT / "build-web" / "dist", out], check=True)
            self.assertEqual(out.read_bytes(), (ROOT / "build-web" / "cabinet_files.gen.c").read_bytes())


class Generator(unittest.TestCase):
    """The generator in a copy of what it reads."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kassa-web-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in ("doc/cabinet-api.yaml", "src/core/roles.def", "src/http/cabinet_errors.def", "web/cabinet/package.json",
                     "web/cabinet/build/generate.mjs"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.texts = self.root / "web/cabinet/src/text"
        self.texts.mkdir(parents=True)
        os.symlink(WEB / "node_modules", self.root / "web/cabinet/node_modules")

    def generate(self, texts):
        (self.texts / "page.json").write_text(json.dumps(texts))
        return subprocess.run(["node", "build/generate.mjs"], cwd=self.root / "web/cabinet", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def refused(self, texts, *whys):
        done = self.generate(texts)
        self.assertNotEqual(done.returncode, 0)
        for why in whys:
            self.assertIn(why, done.stdout)

    def test_types_and_texts_are_written(self):
        done = self.generate({"page.a": {"en": "{n} left", "bn": "{n} বাকি"}})
        self.assertEqual(done.returncode, 0, done.stdout)
        gen = self.root / "web/cabinet/src/gen"
        self.assertEqual(json.loads((gen / "bn.json").read_text()), {"page.a": "{n} বাকি"})
        self.assertIn("'sign_in_wrong'", (gen / "error-code.ts").read_text())
        self.assertIn("'merchant_owner'", (gen / "role.ts").read_text())
        self.assertIn('"/sign-in"', (gen / "api.ts").read_text())

    def test_texts_that_are_not_whole_are_all_named(self):
        self.refused({"page.a": {"en": "x"}, "page.b": {"en": "{n}", "bn": "{m}"}, "other.c": {"en": "x", "bn": "y"}, "page.d": {"en": " ", "bn": "y"}},
                     "page.a has no text in bn", "page.b has other placeholders in bn", "other.c must begin with", "page.d has no text in en")


if __name__ == "__main__":
    unittest.main()
