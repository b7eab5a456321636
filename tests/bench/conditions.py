"""What the rounds leave out: memory, hostile clients, starts, and what a payment costs on the disk."""
import resource
import socket
import sqlite3
import subprocess

from common import BENCH, say, spread, statistics, sys, time, Helper
from gateway import Gateway

SLOW = 200
# Descriptors that the gateway and the crowd need beside the idle connections.
BESIDE = 4200


def idle_possible(wanted):
    """Ten thousand connections need descriptors on both sides; the gateway raises its own limit up to the hard one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < wanted + BESIDE:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + BESIDE, wanted + BESIDE))
        except (ValueError, OSError):
            say(f"the hard limit of open files is {hard}: {max(hard - BESIDE, 0)} idle connections instead of {wanted}")
            return max(hard - BESIDE, 0)
    return wanted


class Crowd(Helper):
    """Idle connections that have each asked for a page, and slow clients."""

    def __init__(self, gateway, pages, idle, slow):
        super().__init__("crowd", gateway.port, pages, idle, slow)

    def line(self):
        return super().line().split()[0]


def memory_measure(gateway, pages, idle, payments):
    before = gateway.rss_mib()
    crowd = Crowd(gateway, pages, idle, 0)
    out = {"rss_mib": gateway.rss_mib(), "before_mib": before, "idle_connections": int(crowd.ask()), "payments": payments}
    crowd.stop()
    return out


def hostile_measure(load, pages, idle, repeats, requests):
    """Creates alone and among clients who mean no good, in turn."""
    clean, runs, rss = [], [], []
    for _ in range(repeats):
        clean.append(load.creates(requests, 64)["rate"])
        crowd = Crowd(load.gateway, pages, idle, SLOW if idle >= SLOW else idle)
        time.sleep(idle / 10000)
        runs.append(load.attack(requests, 64))
        rss.append(load.gateway.rss_mib())
        crowd.stop()
    ratios = [r["good_rate"] / alone for r, alone in zip(runs, clean)]
    return {"rate_over_clean": statistics.median(ratios), "good_per_s": statistics.median(r["good_rate"] for r in runs),
            "clean_per_s": statistics.median(clean), "p99_ms": statistics.median(r["p99_us"] for r in runs) / 1000,
            "rss_mib": max(rss), "refused": sum(r["refused"] for r in runs),
            "dropped": sum(r["dropped"] for r in runs)}, spread(ratios)


def ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as s:
            s.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return s.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def launch_seconds(gateway):
    """From exec until /readyz says 200."""
    start = time.monotonic()
    gateway.launch()
    while not ready(gateway.ops_port):
        if gateway.process.poll() is not None or time.monotonic() - start > 600:
            sys.exit(f"bench: kassad does not start; see {gateway.folder}/kassad.log")
        time.sleep(0.001)
    return time.monotonic() - start


def kill_under_load(gateway, feed, requests):
    """As many creates as take over a second; killed in their middle."""
    args = ["post", gateway.port, gateway.account, "/v1/payment", feed.path, feed.take(requests), requests, 64, max(requests // 2, 1)]
    load = subprocess.Popen([str(a) for a in (BENCH, *args)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    gateway.kill()
    if load.wait(60) == 0:
        sys.exit("bench: all creates were answered before the kill")


def start_measure(gateway, feed, repeats, requests):
    """The gateway runs before and after."""
    clean, killed = [], []
    for _ in range(repeats):
        gateway.stop()
        clean.append(launch_seconds(gateway))
        kill_under_load(gateway, feed, requests)
        killed.append(launch_seconds(gateway))
    return ({"ready_s": statistics.median(clean), "after_kill_s": statistics.median(killed)},
            {"start.ready_s": spread(clean), "start.after_kill_s": spread(killed)})


def disk_sizes(store):
    """Bytes of each table and index."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        return dict(db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))


def disk_measure(folder, payments):
    """Payments that were paid at the first try, with all that they leave: postings, events, a notification and its one try."""
    gateway = Gateway(folder, 8080)
    empty = disk_sizes(gateway.store)
    gateway.fill(payments, 100, 5000)
    grown = {name: (size - empty.get(name, 0)) / payments for name, size in disk_sizes(gateway.store).items()}
    parts = {name: round(size, 1) for name, size in sorted(grown.items(), key=lambda i: -i[1]) if size > 0}
    return {"bytes_per_payment": sum(grown.values()), "payments": payments, "parts": parts}
