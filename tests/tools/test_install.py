"""tools/install: quick when all is there, one plain command when it may not install, and no question ever."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Stands in for dpkg-query: $INSTALLED is what is installed; what apt-get installs is appended to the file `new`.
DPKG_QUERY = """#!/bin/bash
for package in $INSTALLED $(cat "$STAND/new" 2>/dev/null); do printf '%s=installed ' "$package"; done
printf 'gone-package=config-files '
"""
APT_GET = """#!/bin/bash
printf 'apt-get %s\\n' "$*" >>"$STAND/calls"
[ -t 0 ] && exit 1
count=$(wc -l <"$STAND/calls")
[ "$count" -gt "${FAILURES:-0}" ] || exit 100
case " $* " in *' install '*)
    for word in "$@"; do case "$word" in -*|install|*=*) ;; *) printf '%s ' "$word" >>"$STAND/new" ;; esac; done ;;
esac
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="kassa-install-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.bin = self.dir / "bin"
        self.bin.mkdir()
        (self.dir / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "install", self.dir / "tools" / "install")
        (self.dir / "tools" / "packages.txt").write_text("# list\nfirst\nsecond command:no-such-program\nshell command:bash\n")
        self.program("dpkg-query", DPKG_QUERY)
        self.program("apt-get", APT_GET)
        self.program("sleep", "#!/bin/bash\n")
        self.program("id", "#!/bin/bash\necho ${USER_ID:-0}\n")
        self.program("sudo", '#!/bin/bash\n[ "$MAY" = yes ] || exit 1\nshift\nexec "$@"\n')

    def program(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def install(self, **environment):
        answer = subprocess.run(
            [str(self.dir / "tools" / "install")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False,
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", "STAND": str(self.dir), **environment})
        calls = self.dir / "calls"
        return answer.returncode, answer.stdout.decode(), calls.read_text().splitlines() if calls.exists() else []

    def test_nothing_is_run_when_all_is_there(self):
        code, said, calls = self.install(INSTALLED="first second")
        self.assertEqual((code, said, calls), (0, "", []))

    def test_only_what_is_missing_is_installed_and_nothing_recommended(self):
        code, said, calls = self.install(INSTALLED="first")
        self.assertEqual(code, 0, said)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].endswith(" update"))
        self.assertTrue(calls[1].endswith(" install -y --no-install-recommends second"))
        self.assertIn("DPkg::Lock::Timeout", calls[1])

    def test_a_program_in_the_path_serves_instead_of_its_package(self):
        _, _, calls = self.install(INSTALLED="first")
        self.assertFalse(any("shell" in call for call in calls))

    def test_a_mirror_that_fails_twice_is_tried_again(self):
        code, said, calls = self.install(INSTALLED="first", FAILURES="2")
        self.assertEqual(code, 0, said)
        self.assertEqual(len(calls), 4)

    def test_it_gives_up_in_the_end_and_says_what_is_missing(self):
        code, said, _ = self.install(INSTALLED="first", FAILURES="99")
        self.assertEqual(code, 1)
        self.assertIn("could not be installed: second", said)

    def test_without_root_and_sudo_it_prints_the_one_command(self):
        code, said, calls = self.install(INSTALLED="", USER_ID="1000", MAY="no")
        self.assertEqual((code, calls), (1, []))
        self.assertIn("sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends first second'", said)

    def test_sudo_is_used_when_it_asks_nothing(self):
        code, said, calls = self.install(INSTALLED="first", USER_ID="1000", MAY="yes")
        self.assertEqual(code, 0, said)
        self.assertEqual(len(calls), 2)

    def test_the_lists_name_no_package_twice(self):
        names = []
        for path in ("packages.txt", "packages-test.txt"):
            lines = (ROOT / "tools" / path).read_text().splitlines()
            names += [line.split()[0] for line in lines if line and not line.startswith("#")]
        self.assertEqual(sorted(names), sorted(set(names)))


if __name__ == "__main__":
    unittest.main()
