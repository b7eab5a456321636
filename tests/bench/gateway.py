"""The gateway that is measured, and the requests it is measured with."""
import json
import subprocess
import sys
import urllib.request

from common import BENCH, BUILD, CACHE, cpu_s, free_port, os, rss_mib, run, say, until

WALLET = {"WALLET_PASSWORD": "bench", "WALLET_SECRET": "bench"}


class Gateway:
    """An installation of its own in a folder on this disk, with a merchant, an account and a wallet that is never called."""

    def __init__(self, folder, receiver_port, store=None):
        self.folder, self.config = folder, folder / "kassa.conf"
        self.store = store or folder / "kassa.db"
        self.port, self.ops_port = free_port(), free_port()
        self.process = None
        run(BUILD / "kassa", "init", "--sandbox", "--listen", f"127.0.0.1:{self.port}", "--ops-listen",
            f"127.0.0.1:{self.ops_port}", "--set", "log.level=warn", "--dir", folder, *(["--set", f"store.path={store}"] if store else []))
        self.kassa("merchant", "add", "--name", "Bench")
        self.account = self.json("account", "add", "--merchant", "Bench", "--currency", "BDT", "--fee-percent", "1.5")["account"]
        self.kassa("cert", "new", "notifications", "--account", self.account, "--out", folder / "notifications")
        self.kassa("wallet", "add", "bkash", "--base-url", "http://127.0.0.1:9", "--username", "bench", "--app-key", "bench",
                   "--password-env", "WALLET_PASSWORD", "--app-secret-env", "WALLET_SECRET", env=WALLET)
        endpoint = self.json("endpoint", "add", "--account", self.account, "--mode", "POST_JSON",
                             "--url", f"http://127.0.0.1:{receiver_port}/notify")
        self.kassa("account", "update", self.account, "--endpoint", endpoint["id"])
        self.key_import()

    def key_import(self):
        """The bench's own key, so that requests that were signed once serve all its gateways."""
        if not (CACHE / "payments" / "private.pem").exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            self.kassa("cert", "new", "payments", "--account", self.account, "--out", CACHE / "payments")
        self.kassa("cert", "import", "--account", self.account, "--purpose", "payments", "--public",
                   CACHE / "payments" / "public.pem", "--overlap", "0")

    def kassa(self, *args, env=None):
        return run(BUILD / "kassa", "--config", self.config, *args, env=env)

    def json(self, *args):
        return json.loads(self.kassa(*args, "--json"))

    def fill(self, payments, paid_percent, batch):
        """Payments with all that they leave, while the gateway is down."""
        return json.loads(run(BENCH, "fill", self.config, self.account, payments, paid_percent, batch))

    def start(self):
        self.launch()
        until(lambda: self.ops("/readyz") is not None, 60, "kassad, ready")

    def launch(self):
        with open(self.folder / "kassad.log", "ab") as log:
            self.process = subprocess.Popen([BUILD / "kassad", "--config", self.config], stderr=log)

    def stop(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            sys.exit(f"bench: kassad ended with {self.process.returncode}; see {self.folder}/kassad.log")
        self.process = None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait(60)
            self.process = None

    def ops(self, path, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.ops_port}{path}", data=body, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=10).read().decode()
        except OSError:
            return None

    def metric(self, name):
        for line in (self.ops("/metrics") or "").splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        return 0.0

    def cpu_s(self):
        return cpu_s(self.process.pid)

    def rss_mib(self):
        return rss_mib(self.process.pid)


class Second(Gateway):
    """Another node on the first one's database."""

    def __init__(self, first):
        self.folder, self.store, self.account, self.process = first.folder, first.store, first.account, None
        self.port, self.ops_port, self.config = free_port(), free_port(), first.folder / "second.conf"
        text = first.config.read_text().replace(f":{first.port}", f":{self.port}").replace(f":{first.ops_port}", f":{self.ops_port}")
        self.config.write_text(text)


class Feed:
    """Requests for creates, signed once and kept: signing costs more than a create. Each is used once for a store."""

    def __init__(self, wanted, orders="random"):
        self.path, self.next, self.orders = CACHE / f"creates-{orders}", 0, orders
        have = sum(1 for _ in open(self.path, "rb")) if self.path.exists() else 0
        if have < wanted:
            self.sign(have, wanted - have)

    def sign(self, have, count):
        say(f"signing {count} requests, once")
        cores, key = os.cpu_count(), CACHE / "payments"
        share = -(-count // cores)
        parts = [CACHE / f"part.{os.getpid()}.{i}" for i in range(cores)]
        signers = [subprocess.Popen([str(a) for a in (BENCH, "sign", key / "private.pem", key / "password.txt",
                                                      have + i * share, share, self.orders, part)])
                   for i, part in enumerate(parts)]
        if any([s.wait() for s in signers]):
            sys.exit("bench: signing failed")
        with open(self.path, "ab") as out:
            for part in parts:
                out.write(part.read_bytes())
                part.unlink()

    def take(self, count):
        first = self.next
        self.next += count
        return first


def sample(gateway, count, newest, folder):
    """Stored payments by chance: signed questions for their status by order id, and the paths of pages, those of the newest."""
    orders, pages, bodies, asks = (folder / name for name in ("orders", "pages", "bodies", "asks"))
    run(BENCH, "sample", gateway.store, count, newest, orders, pages)
    sign_lines((f'{{"order_id":"{order}"}}' for order in orders.read_text().split()), bodies, asks)
    return asks, pages


def sign_lines(lines, bodies, out):
    bodies.write_text("".join(line + "\n" for line in lines))
    run(BENCH, "sign-lines", CACHE / "payments/private.pem", CACHE / "payments/password.txt", bodies, out)
