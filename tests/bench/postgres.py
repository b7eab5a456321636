"""What a PostgreSQL server does, and what it costs: its processes' CPU, its log, and pgbench's own rate for the same row."""
import pathlib
import re
import subprocess

from common import TICK, run, sys

# Kept as they were in the row that is copied: all but what has to differ.
OWN = {"id": ":id", "order_id": "'bench-' || :id::text"}


class Server:
    def __init__(self, address, database):
        self.admin = address
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

    def floor_prepare(self):
        """A table like that of payments, with its indexes and constraints, and a script that stores the last payment again."""
        self.sql("CREATE TABLE floor_payment (LIKE payment INCLUDING ALL)")
        columns = self.sql("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
                           " WHERE attrelid = 'payment'::regclass AND attnum > 0 AND NOT attisdropped").split(",")
        values = []
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
