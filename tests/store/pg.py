"""PostgreSQL servers to take apart, and the program that drives a store on them (store_driver.c).

A server has a folder of its own, listens on a free port of loopback and on a socket in its folder, and ends with the test. Under
root it runs as the user postgres, as it refuses to run as root.
"""

import ctypes
import glob
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("KASSA_BUILD", "build"))
PR_SET_PDEATHSIG = 1
# The data needs to outlive a server's death, and no machine's.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_connections": "40", "wal_keep_size": "256MB",
            "max_wal_senders": "4", "log_min_messages": "fatal", "unix_socket_permissions": "0777"}


def bin_folder():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda f: int(f.split("/")[-2]))
    if folders:
        return pathlib.Path(folders[-1])
    return pathlib.Path(shutil.which("initdb")).parent


def owner():
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def dies_with_us():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def own(path):
    if owner():
        os.chown(path, owner()["user"], owner()["group"])


class Server:
    """A server; `of`: a standby of another one. `around`: a command that starts the server's."""

    def __init__(self, test, of=None, around=(), **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kassa-pg-"))
        test.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        own(self.folder)
        self.data, self.port, self.around, self.process = self.folder / "data", free_port(), list(around), None
        self.settings = {**SETTINGS, "port": self.port, "listen_addresses": "127.0.0.1",
                         "unix_socket_directories": self.folder, **settings}
        if of:
            self.run("pg_basebackup", "-h", of.folder, "-p", of.port, "-U", "kassa", "-D", self.data, "-R", "-X", "stream",
                     "-c", "fast")
        else:
            self.run("initdb", "--no-sync", "--auth=trust", "--username=kassa", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata",
                     self.data)
        test.addCleanup(self.end)
        self.start()

    def run(self, program, *args):
        done = subprocess.run([bin_folder() / program, *map(str, args)], cwd=self.folder, capture_output=True, text=True,
                              check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}, **owner())
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
        return done.stdout

    def start(self):
        options = [f"-c{key}={value}" for key, value in self.settings.items()]
        command = [*self.around, bin_folder() / "postgres", "-D", self.data, *options]
        who = {} if self.around else owner()
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder,
                                            preexec_fn=dies_with_us, env={**os.environ, "LC_ALL": "C.UTF-8"}, **who)
        for _ in range(600):
            if subprocess.run([bin_folder() / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError((self.folder / "server.log").read_text(errors="replace"))

    def pids(self):
        """The server's own and those of its children."""
        main = int((self.data / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def signal(self, number):
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """As a machine that loses power: all at once, nothing is said to anybody."""
        self.signal(signal.SIGKILL)
        self.process.wait(20)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def sql(self, text, database="postgres"):
        return self.run("psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-p", self.port, "-U", "kassa", "-d", database, "-c",
                        text).strip()

    def allow(self, *lines):
        """The rules of who may come, instead of those that are; the socket stays open for the test."""
        (self.data / "pg_hba.conf").write_text("\n".join(["local all kassa trust", "local replication kassa trust", *lines, ""]))
        self.sql("SELECT pg_reload_conf()")
        time.sleep(0.3)


def address(*servers, user="kassa", database="postgres", **options):
    hosts = ",".join(f"127.0.0.1:{s.port}" for s in servers)
    tail = "&".join(f"{key}={value}" for key, value in options.items())
    return f"postgresql://{user}@{hosts}/{database}?{tail}"


class Driver:
    """A store in a process of its own."""

    def __init__(self, test, url):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BUILD / "tests" / "store" / "kassa-store-driver", url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1)
        test.addCleanup(self.end)
        self.first = self.answer()

    def answer(self, patience=120):
        if not select.select([self.process.stdout], [], [], patience)[0]:
            raise RuntimeError("the store does not answer")
        return self.process.stdout.readline().strip()

    def say(self, line):
        self.process.stdin.write(f"{line}\n")

    def ask(self, line):
        self.say(line)
        return self.answer()

    def until(self, line, wanted):
        """Asks again and again; gives all answers before the wanted one, each once."""
        seen = []
        for _ in range(1200):
            answer = self.ask(line)
            if answer == wanted:
                return seen
            if answer not in seen:
                seen.append(answer)
            time.sleep(0.05)
        raise AssertionError(f"{line}: {seen}, never {wanted}")

    def told(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def end(self):
        self.process.stdin.close()
        if self.process.poll() is None:
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()


def names(text, *words):
    return all(re.search(re.escape(w), text) for w in words)
