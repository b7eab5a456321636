"""The cabinet's table of routes, its description and the rows of its role matrix name the same operations."""

import pathlib
import re
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROUTE = re.compile(r'^C\((GET|POST), "([^"]+)", (\w+), (\w+), (\w+)\)', re.M)
ERROR = re.compile(r"^E\((\w+), (\d+),", re.M)


def routes():
    text = (ROOT / "src/http/cabinet_routes.def").read_text(encoding="utf-8")
    return [found.groups() for found in ROUTE.finditer(text)]


def operations():
    with open(ROOT / "doc/cabinet-api.yaml", encoding="utf-8") as file:
        document = yaml.safe_load(file)
    found = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "delete", "patch"):
                found[method.upper(), re.sub(r"\{\w+\}", "{}", path)] = operation
    return document, found


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(document, value):
    if "$ref" not in value:
        return value
    at = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        at = at[step]
    return at


class CabinetApi(unittest.TestCase):
    def test_each_route_is_described_and_each_description_is_a_route(self):
        _, found = operations()
        self.assertEqual({(method, path) for method, path, *_ in routes()}, set(found))

    def test_the_description_says_who_may(self):
        _, found = operations()
        self.assertEqual({(method, path): who for method, path, who, *_ in routes()},
                         {key: operation.get("x-action") for key, operation in found.items()})

    def test_operations_have_names_of_their_own_answers_and_parameters(self):
        document, found = operations()
        names = [operation["operationId"] for operation in found.values()]
        self.assertEqual(len(names), len(set(names)))
        for (method, path), operation in found.items():
            with self.subTest(method + " " + path):
                self.assertTrue({"200", "default"} <= set(operation["responses"]))
                self.assertTrue(operation["summary"])
                if method == "POST":
                    self.assertIn("requestBody", operation)
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if method == "parameters":
                    continue
                parameters = [resolve(document, p) for p in item.get("parameters", []) + operation.get("parameters", [])]
                named = {p["name"] for p in parameters if p["in"] == "path"}
                self.assertEqual(set(re.findall(r"\{(\w+)\}", path)), named, path)

    def test_what_is_referred_to_is_there(self):
        document, _ = operations()
        for reference in references(document):
            at = document
            for step in reference.removeprefix("#/").split("/"):
                self.assertIn(step, at, reference)
                at = at[step]

    def test_no_two_rows_are_the_same(self):
        keys = [(method, path) for method, path, *_ in routes()]
        self.assertEqual(len(keys), len(set(keys)))

    def test_a_scope_names_what_the_path_holds(self):
        for method, path, _, scope, _ in routes():
            with self.subTest(method + " " + path):
                self.assertEqual("{}" in path, scope != "NONE")


if __name__ == "__main__":
    unittest.main()
