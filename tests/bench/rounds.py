"""The rounds: what the gateway does at its most, and between them what the machine can do, so that both meet the same noise."""
import sqlite3

from common import bench, cpu_s, os, spread, statistics, sys, time, until, Helper
from gateway import Gateway, sample

WARM_UP = 12000
SAMPLE = 8000
ONE = 200
BARE_ROWS = 8000


class Floors:
    def __init__(self, gateway, feed, folder):
        self.feed, self.folder = feed, folder
        self.rows = folder / "floor.db"
        # Creates alone are in the store now: these rows are what a create writes.
        with sqlite3.connect(f"file:{gateway.store}?mode=ro", uri=True) as live:
            live.execute("VACUUM INTO ?", [str(self.rows)])
        self.server = Helper("serve")

    def http(self, requests):
        cpu = cpu_s(self.server.process.pid)
        out = bench("post", self.server.port, "none", "/v1/payment", self.feed.path, 0, requests, 64, 0)
        return {"http_rate_64_per_s": out["rate"], "http_cpu_us": (cpu_s(self.server.process.pid) - cpu) * 1e6 / requests}

    def measure(self, requests):
        rows = bench("insert", self.rows, self.folder, min(BARE_ROWS, WARM_UP), 64)
        return {**bench("floor", self.folder), "sqlite_rate_64_per_s": rows["rate"], "sqlite_cpu_us": rows["cpu_us"],
                **self.http(requests)}

    def stop(self):
        self.server.stop()


class Load:
    """Runs of the load generator against a gateway."""

    def __init__(self, gateway, feed):
        self.gateway, self.feed = gateway, feed

    def counted(self, requests, *args):
        cpu = self.gateway.cpu_s()
        out = bench(*args)
        out["cpu_us"] = (self.gateway.cpu_s() - cpu) * 1e6 / requests
        return out

    def creates(self, requests, connections, rate=0):
        out = self.counted(requests, "post", self.gateway.port, self.gateway.account, "/v1/payment", self.feed.path,
                           self.feed.take(requests), requests, connections, int(rate))
        if out["replayed"]:
            sys.exit("bench: the feed ran out: some creates were replays")
        return out

    def ask(self, asks, requests, path="/v1/payment/status"):
        return self.counted(requests, "post", self.gateway.port, self.gateway.account, path, asks, 0, requests, 64, 0)

    def pages(self, pages, requests):
        return self.counted(requests, "get", self.gateway.port, pages, 0, requests, 64, 0)

    def attack(self, requests, connections):
        return bench("attack", self.gateway.port, self.gateway.account, self.feed.path, self.feed.take(requests), requests, connections)


def warm_up(load, folder, requests):
    """Creates, and a sample of them: questions for their status, paths of their pages."""
    load.creates(min(WARM_UP, requests), 64)
    load.creates(max(WARM_UP - requests, 1), 64)
    return sample(load.gateway, min(SAMPLE, requests), WARM_UP, folder)


def rounds_measure(load, asks, pages, folder, repeats, requests):
    floors = Floors(load.gateway, load.feed, folder)
    rounds, floor = [], [floors.measure(requests)]
    for _ in range(repeats):
        at_64 = load.creates(requests, 64)
        rounds.append({
            "at_64": at_64, "at_256": load.creates(requests, 256), "one": load.creates(min(ONE, requests), 1),
            "fixed": load.creates(requests, 64, max(at_64["rate"] / 2, 1)),
            "status": load.ask(asks, requests), "page": load.pages(pages, requests)})
        floor.append(floors.measure(requests))
        before, after = floor[-2:]
        rounds[-1]["floor"] = {key: (before[key] + after[key]) / 2 for key in after}
    floors.stop()
    return rounds, floor


def notify_measure(folder, feed, payments, seconds):
    """All payments of a gateway run out at once; counted is what the receiver answered, second by second, while the gateway had
    nothing else to do."""
    receiver = Helper("receive")
    gateway = Gateway(folder, receiver.port)
    gateway.start()
    try:
        Load(gateway, feed).creates(payments, 64)
        gateway.ops("/sandbox/clock", b'{"advance_s":3700}')
        until(lambda: gateway.metric("kassa_payments_cancelled_total") >= payments, 180, "the expiry of all payments")
        cpu, first = gateway.cpu_s(), int(receiver.ask())
        start, marks = time.monotonic(), [(0, first)]
        while len(marks) <= seconds and marks[-1][1] < payments:
            time.sleep(1)
            marks.append((time.monotonic() - start, int(receiver.ask())))
        cpu = gateway.cpu_s() - cpu
        gateway.stop()
    finally:
        gateway.kill()
    receiver.stop()
    # The last second is whole only when some were left.
    rates = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(marks, marks[1:])]
    whole = rates[:-1] if marks[-1][1] >= payments and len(rates) > 1 else rates
    delivered = marks[-1][1] - first
    return {"rate_per_s": statistics.median(whole or [0]), "rates": whole or [0], "delivered": delivered, "seconds": marks[-1][0],
            "cpu_us": cpu * 1e6 / max(delivered, 1)}


def figures(rounds, floor, notify):
    """The figures by their keys, and the spread of each over the rounds."""
    spreads = {}

    def each(key, function):
        spreads[key] = spread([function(r) for r in rounds])
        return spreads[key]["median"]

    cores = os.cpu_count()
    create = {
        "rate_64_per_s": each("create.rate_64_per_s", lambda r: r["at_64"]["rate"]),
        "cpu_us": each("create.cpu_us", lambda r: r["at_64"]["cpu_us"]),
        "cpu_over_verify": each("create.cpu_over_verify", lambda r: r["at_64"]["cpu_us"] / r["floor"]["rsa_verify_cpu_us"]),
        "rate_64_over_sqlite": each("create.rate_64_over_sqlite", lambda r: r["at_64"]["rate"] / r["floor"]["sqlite_rate_64_per_s"]),
        "rate_64_over_http": each("create.rate_64_over_http", lambda r: r["at_64"]["rate"] / r["floor"]["http_rate_64_per_s"]),
        "rate_256_per_s": each("create.rate_256_per_s", lambda r: r["at_256"]["rate"]),
        "rate_256_over_verify": each("create.rate_256_over_verify",
                                     lambda r: r["at_256"]["rate"] * r["floor"]["rsa_verify_cpu_us"] / (cores * 1e6)),
        "p50_one_ms": each("create.p50_one_ms", lambda r: r["one"]["p50_us"] / 1000),
        "p50_one_over_fdatasync": each("create.p50_one_over_fdatasync", lambda r: r["one"]["p50_us"] / r["floor"]["fdatasync_us"]),
        "fixed_rate_per_s": each("create.fixed_rate_per_s", lambda r: r["fixed"]["rate"]),
        "generator_cpu_us": each("create.generator_cpu_us", lambda r: r["at_64"]["generator_cpu_us"]),
    }
    for name, runs in (("64", "at_64"), ("256", "at_256"), ("fixed", "fixed")):
        for q in ("p50", "p90", "p99", "p999"):
            create[f"{q}_{name}_ms"] = each(f"create.{q}_{name}_ms", lambda r: r[runs][f"{q}_us"] / 1000)
    create["rate_64_spread"] = spreads["create.rate_64_per_s"]
    data = {"create": create}
    for name in ("status", "page"):
        data[name] = {
            "rate_per_s": each(f"{name}.rate_per_s", lambda r: r[name]["rate"]),
            "cpu_us": each(f"{name}.cpu_us", lambda r: r[name]["cpu_us"]),
            "p50_ms": each(f"{name}.p50_ms", lambda r: r[name]["p50_us"] / 1000),
            "p99_ms": each(f"{name}.p99_ms", lambda r: r[name]["p99_us"] / 1000),
            "rate_over_create": each(f"{name}.rate_over_create", lambda r: r[name]["rate"] / r["at_64"]["rate"]),
        }
    data["floor"] = {}
    for key in floor[0]:
        spreads[f"floor.{key}"] = spread([f[key] for f in floor])
        data["floor"][key] = spreads[f"floor.{key}"]["median"]
    sign_s = data["floor"]["rsa_sign_cpu_us"] / 1e6
    spreads["notify.rate_over_sign"] = spread([rate * sign_s for rate in notify["rates"]])
    data["notify"] = {**notify, "rate_over_sign": notify["rate_per_s"] * sign_s}
    return {**data, "spread": spreads}
