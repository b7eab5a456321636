#!/usr/bin/python3
"""libkassa shows the names of kassa.map and no others, shared and static: nothing of base or core meets the
merchant's own names.  lib_exports.py MAP SHARED STATIC"""
import re
import subprocess
import sys


def defined(arguments):
    lines = subprocess.run(["nm", "--defined-only", "--format=posix", *arguments], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    fields = [line.split() for line in lines]
    return {f[0].split("@")[0] for f in fields if len(f) >= 2 and f[1].isupper() and f[1] != "A"}


def main(map_path, shared, static):
    with open(map_path, encoding="utf-8") as file:
        wanted = set(re.findall(r"^    (kassa_\w+);$", file.read(), re.MULTILINE))
    found = {"shared": defined(["-D", shared]), "static": defined(["-g", static])}
    for kind, names in found.items():
        if names != wanted:
            sys.exit(f"{kind}: missing {sorted(wanted - names)}, too many {sorted(names - wanted)}")
    print(len(wanted), "names")


main(*sys.argv[1:])
