"""What is shipped beside the programs."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
UNIT = ROOT / "dist" / "kassad.service"


class Service(unittest.TestCase):
    def settings(self):
        return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.M))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_takes_the_unit_without_a_warning(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "kassad.service"
            copy.write_text(UNIT.read_text().replace("/usr/bin/kassad", "/bin/true"))
            answer = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, check=False)
            said = [line for line in answer.stdout.decode().splitlines() if "kassad" in line]
            self.assertEqual((answer.returncode, said), (0, []), answer.stdout.decode())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_rates_its_exposure_as_ok(self):
        answer = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(answer.returncode, 0, answer.stdout.decode())

    def test_it_may_write_nothing_but_its_data(self):
        settings = self.settings()
        self.assertEqual(settings["ProtectSystem"], "strict")
        self.assertEqual(settings["NoNewPrivileges"], "yes")
        self.assertEqual(settings["ReadWritePaths"], "/var/lib/kassa")
        self.assertEqual(settings["Type"], "notify")
        self.assertEqual(settings["Restart"], "always")


class Ci(unittest.TestCase):
    def test_ci_runs_the_readme_s_test_command_and_nothing_else(self):
        lines = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and not line.startswith("#")]
        self.assertEqual(lines, ["set -e", 'cd "$(dirname "$0")/.."', "exec make test"])


if __name__ == "__main__":
    unittest.main()
