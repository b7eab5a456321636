#!/usr/bin/python3
"""Compiles the payment page's templates, texts and assets (web/pay) into C.

    tools/gen-templates.py SOURCE_FOLDER OUT.c OUT.h

A template NAME.html becomes `struct page_NAME` and `page_NAME_render`; one whose name begins with _ is
only for {{include}}. What stands between {{ and }}:

    str NAME / bool NAME    declares a member, here or in an included file
    NAME                    a str member, escaped for HTML text and quoted attributes
    url:NAME                a str member as an address: http, https or site-relative, else `#`; needed in href, action, src, content
    raw:NAME                a str member as it is: avoid
    t:KEY                   the text of the language; its {member} placeholders are escaped members
    lang                    the language's code, "en" or "bn"
    asset:FILE              the address of an asset, which holds its content's hash
    if NAME, else, end      a bool is true, a str is not empty
    include FILE            another template's content
    # anything              a comment

Refused: unknown or unused members and texts, a language without a text or with other placeholders, values in unquoted
attributes, in event handlers, styles and scripts. Line breaks with nothing but blanks between two {{ }} are dropped, others
become one line break.
"""

import hashlib
import html
import json
import pathlib
import re
import sys

LANGUAGES = ["en", "bn"]
ASSETS = [("pay.css", "text/css; charset=utf-8"), ("pay.js", "text/javascript; charset=utf-8"),
          ("icon.svg", "image/svg+xml"), ("number.css", "text/css; charset=utf-8")]
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
TOKEN = re.compile(r"\{\{(.*?)\}\}", re.S)
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
ADDRESS_ATTRIBUTES = {"href", "action", "formaction", "src", "srcset", "content", "data-base"}


class Fault(Exception):
    pass


class Place:
    """Where in the HTML a value would stand: in text, or in which attribute of a tag. Fed with literal pieces."""

    def __init__(self):
        self.state = "text"
        self.attribute = self.tag = ""

    def feed(self, text):
        for c in text:
            getattr(self, "in_" + self.state)(c)

    def in_text(self, c):
        if c == "<":
            self.state, self.tag, self.attribute = "name", "", ""

    def in_name(self, c):
        if c == ">":
            self.state = "raw" if self.tag.lower() in ("script", "style") else "text"
        elif c.isspace():
            self.state = "tag"
        else:
            self.tag += c
            if self.tag == "!--":
                raise Fault("HTML comments are sent to payers: use {{# }}")

    def in_raw(self, c):
        if c == "<":
            self.state, self.tag, self.attribute = "name", "", ""

    def in_tag(self, c):
        if c == ">":
            self.state = "raw" if self.tag.lower() in ("script", "style") else "text"
        elif c == '"':
            self.state = "quoted"
        elif c == "'":
            raise Fault("attributes are quoted with double quotes")
        elif c.isspace():
            self.attribute = ""
        elif c != "=":
            self.attribute += c

    def in_quoted(self, c):
        if c == '"':
            self.state, self.attribute = "tag", ""

    def check(self, kind):
        """A value of this kind may stand here."""
        if self.state == "text":
            if kind == "url":
                raise Fault("url: belongs into an attribute")
            return
        if self.state != "quoted":
            raise Fault(f"no value may stand here ({self.state} of <{self.tag}>)")
        name = self.attribute.lower()
        if name.startswith("on") or name in ("style", "srcdoc"):
            raise Fault(f"no value may stand in {name}")
        if (name in ADDRESS_ATTRIBUTES) != (kind in ("url", "asset")):
            raise Fault(f"{name} takes an address by url:, other attributes do not")

    def key(self):
        return self.state, self.attribute if self.state == "quoted" else ""


def c_string(text):
    """C literals of a text, in pieces of bounded length."""
    data = text.encode()
    out, piece = [], ""
    for byte in data:
        c = chr(byte)
        if c in '"\\':
            c = "\\" + c
        elif c == "\n":
            c = "\\n"
        elif not 0x20 <= byte < 0x7F:
            c = f"\\{byte:03o}"
        elif c == "?":
            c = "\\?"
        piece += c
        if len(piece) > 80:
            out.append(f'"{piece}"')
            piece = ""
    if piece or not out:
        out.append(f'"{piece}"')
    return "\n        ".join(out)


class Texts:
    """texts.json: key -> {language: text}."""

    def __init__(self, path):
        def pairs(items):
            keys = [k for k, _ in items]
            for key in keys:
                if keys.count(key) > 1:
                    raise Fault(f"{path.name}: {key} is there twice")
            return dict(items)

        self.used = set()
        self.rows = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=pairs)
        for key, row in self.rows.items():
            if not NAME.match(key) or sorted(row) != sorted(LANGUAGES):
                raise Fault(f"{path.name}: {key} needs a text in each of {', '.join(LANGUAGES)} and nothing else")
            found = {language: sorted(PLACEHOLDER.findall(text)) for language, text in row.items()}
            if any(not text.strip() or text != text.strip() for text in row.values()):
                raise Fault(f"{path.name}: {key} has an empty text or blanks around it")
            if len({tuple(names) for names in found.values()}) != 1:
                raise Fault(f"{path.name}: {key} has other placeholders in another language: {found}")
            for text in row.values():
                if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
                    raise Fault(f"{path.name}: {key} has a lone brace")

    def parts(self, key, language):
        """Literals and placeholder names, alternating, literal first."""
        if key not in self.rows:
            raise Fault(f"there is no text {key}")
        self.used.add(key)
        return PLACEHOLDER.split(self.rows[key][language])


class Template:
    """One page: its declared members, and the body of its render function."""

    def __init__(self, folder, name, texts, assets):
        self.folder, self.name, self.texts, self.assets = folder, name, texts, assets
        self.members, self.used = {}, set()
        self.lines, self.literal, self.depth = [], "", 1
        self.blocks = []
        self.place = Place()

    def compile(self):
        self.walk(f"{self.name}.html")
        self.flush()
        if self.blocks:
            raise Fault(f"{self.name}.html: an {{{{if}}}} has no end")
        if self.place.state != "text":
            raise Fault(f"{self.name}.html: ends inside a tag")
        unused = sorted(set(self.members) - self.used)
        if unused:
            raise Fault(f"{self.name}.html: declared and not used: {', '.join(unused)}")
        return self

    def walk(self, file, seen=()):
        if file in seen:
            raise Fault(f"{file} includes itself")
        path = self.folder / file
        if not path.is_file():
            raise Fault(f"{file}: there is no such template")
        text = path.read_text(encoding="utf-8")
        at = 0
        for match in TOKEN.finditer(text):
            try:
                self.add_text(text[at:match.start()])
                self.add_token(match[1].strip(), seen + (file,))
            except Fault as fault:
                line = text.count("\n", 0, match.start()) + 1
                raise Fault(f"{file}:{line}: {fault}" if ".html:" not in str(fault) else str(fault)) from None
            at = match.end()
        self.add_text(text[at:].rstrip() if file.startswith("_") else text[at:])

    def add_text(self, text):
        if "{{" in text or "}}" in text:
            raise Fault("a lone {{ or }}")
        if "\n" in text and not text.strip():
            return
        text = re.sub(r"\s*\n\s*", "\n", text)
        if text.startswith("\n") and (self.literal.endswith("\n") or not (self.literal or self.lines)):
            text = text[1:]
        self.place.feed(text)
        self.literal += text

    def emit(self, line):
        self.lines.append("    " * self.depth + line)

    def flush(self):
        if self.literal:
            self.emit(f"buf_str(out, STR({c_string(self.literal)}));")
        self.literal = ""

    def member(self, name, kind):
        if name not in self.members:
            raise Fault(f"{name} is not declared")
        if kind and self.members[name] != kind:
            raise Fault(f"{name} is no {kind}")
        self.used.add(name)
        return f"p->{name}"

    def add_token(self, token, seen):
        word, _, rest = token.partition(" ")
        rest = rest.strip()
        if token.startswith("#"):
            return
        if word in ("str", "bool"):
            self.declare(word, rest)
        elif word == "include":
            self.walk(rest, seen)
        elif word == "if":
            self.open_if(rest)
        elif token == "else":
            self.open_else()
        elif token == "end":
            self.close_if()
        elif token == "lang":
            self.place.check("text")
            self.flush()
            self.emit("buf_cstr(out, page_lang_code(lang));")
        else:
            self.add_value(token)

    def declare(self, kind, name):
        if not NAME.match(name):
            raise Fault(f"{name}: not a name")
        if self.members.get(name, kind) != kind:
            raise Fault(f"{name} is declared with another type")
        self.members[name] = kind

    def open_if(self, name):
        member = self.member(name, None)
        self.flush()
        self.emit(f"if ({member}{'.n > 0' if self.members[name] == 'str' else ''}) {{")
        self.depth += 1
        self.blocks.append({"start": self.place.key(), "else": False, "end": None})

    def open_else(self):
        if not self.blocks or self.blocks[-1]["else"]:
            raise Fault("an else without its if")
        self.flush()
        block = self.blocks[-1]
        block["else"], block["end"] = True, self.place.key()
        if block["end"] != block["start"]:
            raise Fault("a branch must end where it began: in text or in the same attribute")
        self.lines.append("    " * (self.depth - 1) + "} else {")

    def close_if(self):
        if not self.blocks:
            raise Fault("an end without its if")
        self.flush()
        block = self.blocks.pop()
        if self.place.key() != block["start"]:
            raise Fault("a branch must end where it began: in text or in the same attribute")
        self.depth -= 1
        self.emit("}")

    def add_value(self, token):
        kind, colon, name = token.partition(":")
        if not colon:
            kind, name = "text", token
        if kind == "t":
            self.place.check("text")
            self.add_translated(name)
            return
        if kind == "asset":
            self.place.check("asset")
            if name not in self.assets:
                raise Fault(f"there is no asset {name}")
            self.literal += self.assets[name].path
            return
        call = {"text": "html_escape", "url": "page_url_add", "raw": "buf_str"}.get(kind)
        if not call:
            raise Fault(f"{token}: not understood")
        self.place.check(kind)
        member = self.member(name, "str")
        self.flush()
        self.emit(f"{call}(out, {member});")

    def add_translated(self, key):
        parts = {language: self.texts.parts(key, language) for language in LANGUAGES}
        self.flush()
        self.emit("switch (lang) {")
        for language in LANGUAGES:
            self.emit(f"case PAGE_LANG_{language.upper()}:")
            self.depth += 1
            for i, part in enumerate(parts[language]):
                if i % 2:
                    self.emit(f"html_escape(out, {self.member(part, 'str')});")
                elif part:
                    self.emit(f"buf_str(out, STR({c_string(html.escape(part))}));")
            self.emit("break;")
            self.depth -= 1
        self.emit("}")


class Asset:
    """A file that is served as it is, under a path that changes with it."""

    def __init__(self, folder, file, content_type):
        text = (folder / file).read_text(encoding="utf-8")
        self.text = getattr(self, "shrink_" + file.rpartition(".")[2])(text)
        stem, _, suffix = file.rpartition(".")
        self.path = f"/assets/{stem}.{hashlib.sha256(self.text.encode()).hexdigest()[:12]}.{suffix}"
        self.file, self.type = file, content_type

    @staticmethod
    def shrink_css(text):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        text = re.sub(r"\s+", " ", text)
        text = re.sub(r" ?([{};,>]) ?", r"\1", text)
        return re.sub(r"(?<=[a-z-]): ", ":", text).replace(";}", "}").strip() + "\n"

    @staticmethod
    def shrink_js(text):
        """Only whole comment lines and indentation go: what is left is the same program."""
        lines = [line.strip() for line in text.splitlines()]
        return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"

    @staticmethod
    def shrink_svg(text):
        return re.sub(r"\s*\n\s*", "", text)


NOTICE = "/* Made by tools/gen-templates.py from web/pay. */\n"


def header(templates):
    out = NOTICE
    out += "#ifndef KASSA_HTTP_PAGES_GEN_H\n#define KASSA_HTTP_PAGES_GEN_H\n\n#include \"http/page_template.h\"\n\n"
    for t in templates:
        out += f"struct page_{t.name} {{\n"
        out += "".join(f"    {'struct str' if kind == 'str' else 'bool'} {name};\n"
                       for name, kind in t.members.items())
        out += "};\n"
        out += (f"void page_{t.name}_render(\n    const struct page_{t.name} *p, enum page_lang lang, "
                "struct buf *out);\n\n")
    return out + "#endif\n"


def source(templates, assets, header_name):
    out = NOTICE + f'#include "{header_name}"\n\n#include "base/text.h"\n\n'
    out += "const struct page_asset page_assets[] = {\n"
    for asset in assets:
        out += (f'    {{STR("{asset.file}"), STR("{asset.path}"), "{asset.type}",\n'
                f"        STR({c_string(asset.text)})}},\n")
    out += "    {STR_ABSENT, STR_ABSENT, NULL, STR_ABSENT},\n};\n"
    for t in templates:
        out += (f"\nvoid page_{t.name}_render(\n    const struct page_{t.name} *p, enum page_lang lang, "
                "struct buf *out)\n{\n    (void)p;\n" + "\n".join(t.lines) + "\n}\n")
    return out


def main(folder, out_c, out_h):
    folder = pathlib.Path(folder)
    texts = Texts(folder / "texts.json")
    assets = [Asset(folder, file, content_type) for file, content_type in ASSETS]
    by_file = {asset.file: asset for asset in assets}
    templates = []
    for path in sorted(folder.glob("*.html")):
        if path.stem.startswith("_"):
            continue
        templates.append(Template(folder, path.stem, texts, by_file).compile())
    unused = sorted(set(texts.rows) - texts.used)
    if unused:
        raise Fault(f"texts that no template uses: {', '.join(unused)}")
    pathlib.Path(out_h).write_text(header(templates), encoding="utf-8")
    pathlib.Path(out_c).write_text(source(templates, assets, pathlib.Path(out_h).name), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Fault as problem:
        sys.exit(f"gen-templates: {problem}")
