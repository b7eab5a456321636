"""A machine of the cluster: runs one program and all that comes of it, and does to all of it what happens to machines.

    warden.py USER LOG COMMAND...

Reads from standard input, one a line: `kill`, `hang`, `wake`, `end` (as an operator ends it), each with the name of a program behind
it for the processes of that name alone; answers each with a line. When standard input ends, whoever asked is gone, and all is killed.
What detaches itself, as PostgreSQL's server does, still belongs to the machine: orphans become children of this process.
"""

import ctypes
import os
import pathlib
import pwd
import select
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def parents():
    """Of each process: its parent, its name, whether it still runs."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name, rest = (entry / "stat").read_text(encoding="utf-8", errors="replace").split(" (", 1)[1].rsplit(") ", 1)
            except OSError:
                continue
            state, parent = rest.split()[:2]
            found[int(entry.name)] = (int(parent), name, state != "Z")
    return found


def descendants(only=None):
    table = parents()
    known = {os.getpid()}
    while True:
        more = {pid for pid, (parent, *_) in table.items() if parent in known} - known
        if not more:
            break
        known |= more
    known.discard(os.getpid())
    return {pid for pid in known if table[pid][2] and (only is None or table[pid][1] == only)}


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def reap(how=os.WNOHANG):
    try:
        while os.waitpid(-1, how)[0]:
            pass
    except ChildProcessError:
        pass


def hang(only=None):
    """Stopped processes make no children: when a look finds none that is new, all are."""
    stopped = set()
    while new := descendants(only) - stopped:
        send(new, signal.SIGSTOP)
        stopped |= new
    return stopped


def kill(only=None):
    while pids := hang(only):
        send(pids, signal.SIGKILL)
        time.sleep(0.01)
        reap()
    if only is None:
        reap(0)


def wake(only=None):
    send(descendants(only), signal.SIGCONT)


def main():
    user, log, *command = sys.argv[1:]
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    who = {}
    if os.getuid() == 0:
        entry = pwd.getpwnam(user)
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    with open(log, "ab") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=os.path.dirname(log),
                                 env={**os.environ, "HOME": os.path.dirname(log), "LC_ALL": "C.UTF-8"}, **who)
    does = {"kill": kill, "hang": hang, "wake": wake, "end": lambda only=None: child.terminate()}
    try:
        left = b""
        while True:
            ready, _, _ = select.select([0], [], [], 0.5)
            reap()
            if not ready:
                continue
            more = os.read(0, 4096)
            if not more:
                break
            *lines, left = (left + more).split(b"\n")
            for line in lines:
                word, *only = line.decode().split()
                does[word](*only)
                os.write(1, b"done\n")
    finally:
        kill()


main()
