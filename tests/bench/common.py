"""What the parts of the bench share: where things are, how programs are run and watched."""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
BENCH = BUILD / "tests/bench/kassa-bench"
CACHE = BUILD / "bench-cache"
TICK = os.sysconf("SC_CLK_TCK")


def run(*args, env=None):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, args))} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done.stdout


def bench(*args):
    """A verb of kassa-bench that prints a JSON object."""
    return json.loads(run(BENCH, *args))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(check, seconds, what):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            sys.exit(f"bench: waited {seconds} s for {what}")
        time.sleep(0.02)


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def cpu_s(pid):
    """User and system time of all threads of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


class Helper:
    """A verb that serves until its standard input ends; its first line is its port."""

    def __init__(self, *args):
        self.process = subprocess.Popen([str(a) for a in (BENCH, *args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.port = int(self.line())

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            sys.exit(f"bench: {' '.join(self.process.args)} ended")
        return text

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
