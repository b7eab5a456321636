"""How the figures hold when millions of payments are stored: `make bench-growth`. A store is filled by the gateway's own
functions, and measured in turn with a gateway that has stored next to nothing."""
import datetime
import shutil

import conditions
import rounds
from common import BUILD, bench, say, spread, statistics, sys, time, Helper
from gateway import Feed, Gateway, sample, sign_lines

PAID_PERCENT = 60
# Of the file for each payment, the log and the sort of an audit included; a little more than is needed.
BYTES_EACH = 2600
BYTES_BESIDE = 2 << 30
FILL_BATCH = 20000
HISTORY_TIMES = 200
PER_PAGE = 100


def label_of(size):
    for unit, letter in ((1000000, "m"), (1000, "k")):
        if size % unit == 0:
            return f"{size // unit}{letter}"
    return str(size)


def sizes_possible(sizes):
    """Says what is missing for those that do not fit on the disk."""
    free = shutil.disk_usage(BUILD).free
    fit = [size for size in sizes if size * BYTES_EACH + BYTES_BESIDE <= free]
    for size in sizes:
        if size not in fit:
            missing = (size * BYTES_EACH + BYTES_BESIDE - free) / (1 << 30)
            say(f"{label_of(size)} payments are left out: {missing:.1f} GiB more are needed on the disk of {BUILD}")
    return fit


class Side:
    """A gateway with its load and samples of what it stores."""

    def __init__(self, gateway, feeds, folder, requests):
        folder.mkdir(exist_ok=True)
        self.gateway, self.folder = gateway, folder
        self.random, self.sequential = (rounds.Load(gateway, feed) for feed in feeds)
        self.random.creates(rounds.WARM_UP, 64)
        self.asks, self.pages = sample(gateway, min(rounds.SAMPLE, requests), rounds.WARM_UP // 2, folder)

    def round(self, requests):
        return {"rate": self.random.creates(requests, 64)["rate"], "sequential": self.sequential.creates(requests, 64)["rate"],
                "status": self.random.ask(self.asks, requests)["rate"], "page": self.random.pages(self.pages, requests)["rate"]}


def history_ms(side, stored):
    """The first and the last page of thirty days, one connection."""
    first_day = (datetime.date.today() - datetime.timedelta(days=32)).isoformat()
    last_day = (datetime.date.today() + datetime.timedelta(days=1)).isoformat()
    out = {}
    for name, page in (("first", 1), ("last", max(stored // PER_PAGE, 1))):
        body = f'{{"date_from":"{first_day}","date_to":"{last_day}","page":{page},"paginate":{PER_PAGE}}}'
        asks = side.folder / f"history-{name}"
        sign_lines([body], side.folder / "history", asks)
        g = side.gateway
        took = bench("post", g.port, g.account, "/v1/payment/history", asks, 0, HISTORY_TIMES, 1, 0)
        out[f"history_{name}_ms"] = took["p50_us"] / 1000
    return out


def notify_rate(gateway, receiver, seconds):
    """Everything open runs out; notifications a second once that is done, as a median of seconds."""
    open_ones = gateway.metric("kassa_payments_created_total")
    gateway.ops("/sandbox/clock", b'{"advance_s":3700}')
    rounds.until(lambda: gateway.metric("kassa_payments_cancelled_total") >= open_ones, 300, "the expiry of all payments")
    rates, last, at = [], int(receiver.ask()), time.monotonic()
    for _ in range(seconds):
        time.sleep(1)
        now, count = time.monotonic(), int(receiver.ask())
        rates.append((count - last) / (now - at))
        last, at = count, now
    return statistics.median(rates)


def compare(full, empty, repeats, requests):
    """Each figure of the full side divided by that of the empty one in the same round; each is the first in turn."""
    each = []
    for i in range(repeats):
        first, second = (full, empty) if i % 2 else (empty, full)
        rates = {first: first.round(requests), second: second.round(requests)}
        a, b = rates[empty], rates[full]
        each.append({key: (b[key] / a[key], b[key]) for key in a})
    return {key: ([r[key][0] for r in each], [r[key][1] for r in each]) for key in each[0]}


def timed(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start


class Growth:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.receiver = Helper("receive")
        self.gateway = Gateway(folder / "full", self.receiver.port)
        wanted = rounds.WARM_UP + (2 * args.repeats + 1) * args.requests
        self.feeds = (Feed(wanted * len(args.sizes)), Feed(args.repeats * args.requests * len(args.sizes), "sequential"))
        self.empty_bytes = sum(conditions.disk_sizes(self.gateway.store).values())
        self.stored, self.data, self.spreads = 0, {}, {}

    def fill(self, size):
        say(f"filling to {size} payments")
        out = self.gateway.fill(size - self.stored, PAID_PERCENT, FILL_BATCH)
        self.stored = size
        return out["rate"]

    def put(self, label, values, spreads=()):
        self.data.update({f"{key}_{label}": value for key, value in values.items()})
        self.spreads.update({f"growth.{key}_{label}": spread(values) for key, values in spreads})

    def serve(self, label):
        """What needs both gateways running."""
        args = self.args
        receiver = Helper("receive")
        empty = Gateway(self.folder / f"empty-{label}", receiver.port)
        # The same kinds of payments, so that both sides have the same to read.
        empty.fill(args.disk, PAID_PERCENT, FILL_BATCH)
        try:
            empty.start()
            self.gateway.start()
            sides = [Side(g, feeds, self.folder / f"{name}-{label}-samples", args.requests) for g, feeds, name in (
                (self.gateway, self.feeds, "full"),
                (empty, (Feed(0), Feed(0, "sequential")), "empty"))]
            ratios = compare(*sides, args.repeats, args.requests)
            self.put(label, {"rate": statistics.median(ratios["rate"][0]),
                             "rate_sequential": statistics.median(ratios["sequential"][0]),
                             "status": statistics.median(ratios["status"][0]), "page": statistics.median(ratios["page"][0]),
                             "create_per_s": statistics.median(ratios["rate"][1])},
                     [("rate", ratios["rate"][0]), ("rate_sequential", ratios["sequential"][0]),
                      ("status", ratios["status"][0]), ("page", ratios["page"][0])])
            self.put(label, history_ms(sides[0], self.stored))
            self.put(label, bench("query", self.gateway.store))
            memory = conditions.memory_measure(self.gateway, sides[0].pages, self.args.idle, self.stored)
            self.put(label, {"rss_mib": memory["rss_mib"]})
            rates = [notify_rate(g, r, args.notify_seconds) for g, r in ((empty, receiver), (self.gateway, self.receiver))]
            self.put(label, {"notify": rates[1] / rates[0] if rates[0] else 0})
            empty.stop()
        finally:
            empty.kill()
        receiver.stop()
        return memory

    def measure(self, size):
        label = label_of(size)
        self.put(label, {"fill_per_s": self.fill(size)})
        self.put(label, {"bytes_per_payment":
                         (sum(conditions.disk_sizes(self.gateway.store).values()) - self.empty_bytes) / size})
        say(f"measuring with {size} payments")
        memory = self.serve(label)
        start, spreads = conditions.start_measure(self.gateway, self.feeds[0], self.args.repeats, self.args.requests)
        self.put(label, start)
        self.spreads.update({f"growth.{key.split('.')[1]}_{label}": value for key, value in spreads.items()})
        self.gateway.stop()
        say("the audit")
        self.put(label, {"audit_s": timed(lambda: self.gateway.kassa("audit"))})
        return memory

    def close(self):
        self.gateway.kill()
        self.receiver.stop()


def growth_measure(args, folder):
    """The figures by their keys, and the memory with the first size."""
    args.sizes = sizes_possible(args.sizes)
    if not args.sizes:
        sys.exit("bench: no size fits on the disk")
    growth = Growth(args, folder)
    try:
        memories = [growth.measure(size) for size in args.sizes]
    finally:
        growth.close()
    return growth.data, growth.spreads, memories[0]
