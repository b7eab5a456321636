"""The templates' generator refuses what could put a stranger's text where it is code, and what is not complete."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "tools" / "gen-templates.py"
TEXTS = {"hello": {"en": "Hello {name}", "bn": "নমস্কার {name}"}}
PAGE = "{{str name}}<p>{{t:hello}}</p>"


class Generator(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kassa-test-templates-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for asset in (ROOT / "web" / "pay").iterdir():
            if asset.suffix in (".css", ".js", ".svg"):
                shutil.copy(asset, self.folder)

    def run_on(self, page, texts=None, **more):
        (self.folder / "page.html").write_text(page, encoding="utf-8")
        (self.folder / "texts.json").write_text(json.dumps(TEXTS if texts is None else texts), encoding="utf-8")
        for name, text in more.items():
            (self.folder / f"{name}.html").write_text(text, encoding="utf-8")
        self.out = self.folder / "out.c"
        return subprocess.run([sys.executable, GENERATOR, self.folder, self.out, self.folder / "out.h"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def refuses(self, page, reason, texts=None, **more):
        answer = self.run_on(page, texts, **more)
        self.assertNotEqual(answer.returncode, 0, page)
        self.assertIn(reason, answer.stdout)
        self.assertNotIn("Traceback", answer.stdout)

    def accepts(self, page, texts=None, **more):
        answer = self.run_on(page, texts, **more)
        self.assertEqual(answer.returncode, 0, answer.stdout)
        return self.out.read_text(encoding="utf-8")

    def test_values_are_escaped_by_default(self):
        code = self.accepts(PAGE + '<b title="{{name}}">{{name}}</b>')
        self.assertEqual(code.count("html_escape(out, p->name);"), 4)
        self.assertNotIn("buf_str(out, p->", code)

    def test_raw_is_explicit(self):
        self.assertIn("buf_str(out, p->name);", self.accepts(PAGE + "{{raw:name}}"))

    def test_addresses_need_url_and_only_they(self):
        for attribute in ("href", "action", "src", "formaction", "content"):
            self.refuses(PAGE + f'<a {attribute}="{{{{name}}}}">', "takes an address by url:")
        self.refuses(PAGE + '<a title="{{url:name}}">', "takes an address by url:")
        self.assertIn("page_url_add(out, p->name);", self.accepts(PAGE + '<a href="{{url:name}}">x</a>'))

    def test_values_stand_only_where_escaping_is_enough(self):
        self.refuses(PAGE + "<a title={{name}}>", "no value may stand here")
        self.refuses(PAGE + "<{{name}}>", "no value may stand here")
        self.refuses(PAGE + "<a {{name}}>", "no value may stand here")
        self.refuses(PAGE + "<script>x = {{name}}</script>", "no value may stand here")
        self.refuses(PAGE + "<style>{{name}}</style>", "no value may stand here")
        self.refuses(PAGE + '<a onclick="{{name}}">', "no value may stand in onclick")
        self.refuses(PAGE + '<a style="{{name}}">', "no value may stand in style")
        self.refuses(PAGE + "<a title='x'>", "double quotes")

    def test_names_are_declared_and_used(self):
        self.refuses(PAGE + "{{nobody}}", "nobody is not declared")
        self.refuses(PAGE + "{{str idle}}", "declared and not used: idle")
        self.refuses(PAGE + "{{bool flag}}{{flag}}", "flag is no str")
        self.refuses(PAGE + "{{include _gone.html}}", "no such template")
        self.refuses(PAGE + "{{wrong thing}}", "not declared")
        self.refuses(PAGE + "{{what:name}}", "not understood")

    def test_texts_are_complete_in_each_language(self):
        self.refuses(PAGE, "needs a text in each of en, bn", {"hello": {"en": "Hello {name}"}})
        self.refuses(PAGE, "other placeholders", {"hello": {"en": "Hello {name}", "bn": "নমস্কার"}})
        self.refuses(PAGE, "empty text", {"hello": {"en": "Hello {name}", "bn": ""}})
        self.refuses(PAGE, "there is no text hello", {})
        self.refuses(PAGE, "texts that no template uses: other", {**TEXTS, "other": {"en": "a", "bn": "b"}})
        self.refuses("<p>{{t:hello}}</p>", "name is not declared")

    def test_texts_are_escaped_too(self):
        code = self.accepts(PAGE, {"hello": {"en": "<b>{name}", "bn": "<i>{name}"}})
        self.assertIn("&lt;b&gt;", code)

    def test_branches_are_balanced(self):
        self.refuses(PAGE + "{{if name}}x", "has no end")
        self.refuses(PAGE + "{{end}}", "without its if")
        self.refuses(PAGE + "{{else}}", "without its if")
        self.refuses(PAGE + '{{if name}}<a title="{{end}}">', "must end where it began")

    def test_an_include_of_itself_is_refused(self):
        self.refuses(PAGE + "{{include _a.html}}", "includes itself", _a="{{include _a.html}}")

    def test_comments_are_not_sent(self):
        self.refuses(PAGE + "<!-- a note -->{{name}}", "HTML comments")
        self.assertNotIn("a note", self.accepts(PAGE + "{{# a note }}"))

    def test_the_pages_of_the_tree_are_made(self):
        answer = subprocess.run([sys.executable, GENERATOR, ROOT / "web" / "pay", self.folder / "a.c", self.folder / "a.h"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout)
        self.assertNotIn("buf_str(out, p->", (self.folder / "a.c").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
