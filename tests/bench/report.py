"""The table: what was measured, what it should be, and what it was before."""

# A figure's key, its words, its form; a goal and whether the figure may be at most or must be at least that.
MOST, LEAST = "≤", "≥"
ROWS = [
    ("create.rate_64_per_s", "durable creates/s, 64 connections", "{:.0f}"),
    ("create.rate_64_over_sqlite", "  ÷ the same rows in bare SQLite, 64 a commit", "{:.2f}", LEAST, 0.8),
    ("create.rate_64_over_http", "  ÷ a bare HTTP server's replies", "{:.2f}"),
    ("create.cpu_us", "server CPU per create, µs", "{:.1f}"),
    ("create.cpu_over_verify", "  ÷ CPU of one RSA-2048 verification", "{:.2f}", MOST, 2.5),
    ("create.p50_64_ms", "p50 with 64 connections, ms", "{:.2f}"),
    ("create.p90_64_ms", "p90", "{:.2f}"),
    ("create.p99_64_ms", "p99", "{:.2f}", MOST, 25),
    ("create.p999_64_ms", "p99.9", "{:.2f}"),
    ("create.rate_256_per_s", "durable creates/s, 256 connections", "{:.0f}"),
    ("create.rate_256_over_verify", "  ÷ verifications/s of all cores", "{:.3f}", LEAST, 0.25),
    ("create.p50_one_ms", "p50 with one connection, ms", "{:.2f}"),
    ("create.p50_one_over_fdatasync", "  ÷ one fdatasync", "{:.2f}", MOST, 3),
    ("create.fixed_rate_per_s", "at a fixed rate of creates/s, half of the above:", "{:.0f}"),
    ("create.p50_fixed_ms", "  p50 since the request was due, ms", "{:.2f}"),
    ("create.p90_fixed_ms", "  p90", "{:.2f}"),
    ("create.p99_fixed_ms", "  p99", "{:.2f}"),
    ("create.p999_fixed_ms", "  p99.9", "{:.2f}"),
    ("status.rate_per_s", "status questions/s, 64 connections", "{:.0f}"),
    ("status.rate_over_create", "  ÷ creates/s", "{:.2f}", LEAST, 2),
    ("page.rate_per_s", "payment pages/s, 64 connections", "{:.0f}"),
    ("page.rate_over_create", "  ÷ creates/s", "{:.2f}", LEAST, 2),
    ("notify.rate_per_s", "notifications signed, delivered, recorded/s", "{:.0f}"),
    ("notify.rate_over_sign", "  ÷ RSA-2048 signatures/s of one core", "{:.3f}", LEAST, 0.8),
    ("hostile.rate_over_clean", "good creates/s among hostile clients ÷ alone", "{:.2f}", LEAST, 0.8),
    ("hostile.rss_mib", "  resident memory then, MiB", "{:.1f}"),
    ("memory.rss_mib", "resident memory, 10 000 idle connections, MiB", "{:.1f}", MOST, 128),
    ("start.ready_s", "from exec to ready, s", "{:.3f}", MOST, 1),
    ("start.after_kill_s", "from exec to ready after kill -9 under load, s", "{:.3f}", MOST, 3),
    ("disk.bytes_per_payment", "disk for a finished payment, bytes", "{:.0f}"),
    ("growth.rate_1m", "creates/s with 1 M stored ÷ almost none", "{:.3f}", LEAST, 0.95),
    ("growth.rate_10m", "creates/s with 10 M stored ÷ almost none", "{:.3f}", LEAST, 0.9),
    ("floor.rsa_verify_cpu_us", "floor: RSA-2048 verification, CPU µs", "{:.2f}"),
    ("floor.rsa_sign_cpu_us", "floor: RSA-2048 signature, CPU µs", "{:.1f}"),
    ("floor.fdatasync_us", "floor: fdatasync of 4 KiB, µs", "{:.0f}"),
    ("floor.sqlite_rate_64_per_s", "floor: payments/s in bare SQLite, 64 a commit", "{:.0f}"),
    ("floor.http_rate_64_per_s", "floor: replies/s of a bare HTTP server", "{:.0f}"),
    ("floor.http_cpu_us", "floor: its CPU per reply, µs", "{:.1f}"),
]
# For each number of stored payments that growth was measured with.
GROWTH_ROWS = [
    ("rate_sequential", "creates/s ÷ almost none, order ids in sequence", "{:.3f}"),
    ("status", "status questions/s ÷ almost none stored", "{:.2f}"),
    ("page", "payment pages/s ÷ almost none stored", "{:.2f}"),
    ("notify", "notifications/s ÷ almost none stored", "{:.2f}"),
    ("history_first_ms", "first page of the history, ms", "{:.2f}"),
    ("history_last_ms", "last page of the history, ms", "{:.2f}"),
    ("expired_us", "query for what has run out, µs", "{:.0f}"),
    ("outbox_next_due_us", "query for what is due in the outbox, µs", "{:.0f}"),
    ("ready_s", "from exec to ready, s", "{:.3f}"),
    ("after_kill_s", "from exec to ready after kill -9, s", "{:.3f}"),
    ("rss_mib", "resident memory, 10 000 idle connections, MiB", "{:.1f}"),
    ("audit_s", "the audit of the books, s", "{:.1f}"),
    ("bytes_per_payment", "disk for each payment, bytes", "{:.0f}"),
    ("fill_per_s", "payments/s of the filler", "{:.0f}"),
]


def value(data, key):
    for part in key.split("."):
        data = data.get(part) if isinstance(data, dict) else None
    return data if isinstance(data, (int, float)) else None


def goal_text(figure, goal):
    if not goal:
        return ""
    kind, limit = goal
    good = figure <= limit if kind == MOST else figure >= limit
    return f"{kind} {limit:g} {'met' if good else 'MISSED'}"


def range_text(data, key, form):
    spread = data.get("spread", {}).get(key)
    return f"{form.format(spread['min'])} to {form.format(spread['max'])}" if spread and spread["runs"] > 1 else ""


def growth_rows(data):
    labels = [key.removeprefix("rate_") for key in data.get("growth", {}) if key.startswith("rate_")]
    for label in (name for name in labels if not name.startswith("sequential")):
        for key, text, form in GROWTH_ROWS:
            yield f"growth.{key}_{label}", f"{label.upper():>4}: {text}", form


def table(data, before):
    print(f"{'':<54} {'median':>9} {'spread':>20}   {'goal':<14}" + (" × before" if before else ""))
    for key, text, form, *goal in [*ROWS, *growth_rows(data)]:
        figure = value(data, key)
        if figure is None:
            continue
        line = f"{text:<54} {form.format(figure):>9} {range_text(data, key, form):>20}   {goal_text(figure, goal):<14}"
        old = value(before, key) if before else None
        print((line + (f" {figure / old:8.2f}" if old else "")).rstrip())
