"""What a PostgreSQL server does, and what it costs: its processes' CPU, its log, and pgbench's own rate for the same row."""
import pathlib
import re
import subprocess

from common import TICK, run, sys

# A payment among millions, made of the last one's row: g counts them. Ids go on, days go by, order ids lie in between all others.
FILLED = {
    "id": "(SELECT next FROM id_block WHERE name = 'payment') + g", "uuid": "decode(md5(g::text), 'hex')",
    "order_id": "'order-' || md5('order' || g)::uuid", "day": "day - 365 + g * 365 / {rows}",
    "created_at": "created_at - 86400000 * (365 - g * 365 / {rows})", "expires_at": "expires_at - 86400000 * (365 - g * 365 / {rows})",
    "state": "'failed'", "final_at": "expires_at",
}

# Kept as they were in the row that is copied: all but what has to differ.
OWN = {"id": ":id", "order_id": "'bench-' || :id::text"}


class Server:
    def __init__(self, address, database):
        self.admin, self.name = address, database
        self.address = address.replace("/postgres?", f"/{database}?")
        self.folder = pathlib.Path(re.search(r"host=([^&]+)", address)[1])
        self.pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        run("psql", "-Xq", "-d", address, "-c", f"CREATE DATABASE {database}")

    def sql(self, text):
        return run("psql", "-XqAt", "-d", self.address, "-c", text).strip()

    def cpu_s(self):
        """Of all its processes, those that have ended included."""
        ticks = 0
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat.parent.name) == self.pid:
                ticks += sum(int(n) for n in fields[11:15])
            elif int(fields[1]) == self.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def wal_bytes(self):
        return int(self.sql("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def connections(self):
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kassa'"))

    def payment_bytes(self):
        return int(self.sql("SELECT pg_total_relation_size('payment') / greatest((SELECT count(*) FROM payment), 1)"))

    def columns(self):
        return self.sql("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
                        " WHERE attrelid = 'payment'::regclass AND attnum > 0 AND NOT attisdropped").split(",")

    def fill(self, rows):
        """Stores so many payments more, with their counters; the indexes that can be are made when all are there."""
        columns = self.columns()
        values = [FILLED.get(column, column).format(rows=rows) for column in columns]
        indexes = self.sql("SELECT string_agg(indexdef || ';', ' ') FROM pg_indexes"
                           " WHERE tablename = 'payment' AND indexname IN ('payment_history', 'payment_open')")
        self.sql("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'; BEGIN;"
                 " ALTER TABLE payment DROP CONSTRAINT payment_account_id_order_id_key; DROP INDEX payment_history, payment_open;"
                 f" INSERT INTO payment ({','.join(columns)}) SELECT {','.join(values)} FROM generate_series(1::bigint, {rows}) AS g,"
                 " (SELECT * FROM payment ORDER BY id DESC LIMIT 1) AS last;"
                 f" UPDATE id_block SET next = next + {rows} + 1 WHERE name = 'payment';"
                 f" ALTER TABLE payment ADD UNIQUE (account_id, order_id); {indexes}"
                 " DELETE FROM day_count; INSERT INTO day_count SELECT account_id, day, id >> 14, count(*) FROM payment GROUP BY 1, 2, 3; COMMIT")
        self.sql("VACUUM (ANALYZE) payment")
        self.sql("CHECKPOINT")

    def floor_prepare(self):
        """A table like that of payments, with its indexes and constraints, and a script that stores the last payment again."""
        self.sql("CREATE TABLE floor_payment (LIKE payment INCLUDING ALL)")
        columns, values = self.columns(), []
        for column in columns:
            values.append(OWN.get(column) or self.sql(f"SELECT quote_nullable({column}) FROM payment ORDER BY id DESC LIMIT 1"))
        self.script = self.folder / "floor.sql"
        self.script.write_text("\\set id random(1, 9000000000000000)\n"
                               f"INSERT INTO floor_payment ({','.join(columns)}) VALUES ({','.join(values)});\n")

    def floor_rate(self, seconds):
        """Rows a second of pgbench: one a transaction, prepared, 64 clients."""
        cpu = self.cpu_s()
        done = subprocess.run([str(self.bin / "pgbench"), "-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", str(seconds), "-f",
                               str(self.script), self.address], capture_output=True, text=True)
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode != 0 or not found:
            sys.exit(f"bench: pgbench: {done.stderr}")
        rate = float(found[1])
        return {"rate": rate, "cpu_us": (self.cpu_s() - cpu) * 1e6 / (rate * seconds)}
