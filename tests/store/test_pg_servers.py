"""A store on PostgreSQL servers that die, hang, follow one another, fill up, and want to know who comes."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from pg import Driver, Server, address, names, owner


class Fault(unittest.TestCase):
    def opened(self, url):
        store = Driver(self, url)
        self.assertEqual(store.first, "open")
        return store

    def refused(self, url, *words):
        first = Driver(self, url).first
        self.assertTrue(first.startswith("IO ") and names(first, *words), first)
        self.assertNotIn("s3cret", first)


class Following(Fault):
    """A primary and its standby, both named in the address."""

    def setUp(self):
        self.primary = Server(self)
        self.standby = Server(self, of=self.primary)

    def followed(self):
        """Until the standby has all that was committed."""
        end = self.primary.sql("SELECT pg_current_wal_lsn()")
        for _ in range(400):
            if self.standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t":
                return
            time.sleep(0.05)
        self.fail("the standby does not follow")

    def test_T44_a_standby_takes_the_place_of_its_primary(self):
        store = self.opened(address(self.standby, self.primary))
        self.assertEqual(store.ask("put before 10"), "OK")
        self.assertEqual(store.ask("get before"), "OK 10")
        self.followed()
        self.primary.kill()
        self.assertEqual(store.ask("put between 10"), "STORE_IO")
        self.assertEqual(store.ask("state"), "unwritable")
        self.assertEqual(store.ask("get before"), "STORE_IO")  # a standby's answer could be an old one
        self.standby.run("pg_ctl", "promote", "-D", self.standby.data, "-w")
        seen = store.until("put after 10", "OK")
        self.assertLessEqual(set(seen), {"STORE_IO"})
        self.assertEqual(store.ask("state"), "good")
        store.until("get before", "OK 10")
        self.assertEqual(store.ask("get after"), "OK 10")
        self.assertEqual(store.ask("get between"), "NO_ROW")
        self.assertTrue(names(store.told(), "store_connection_failed", "store_connected_again", "store_writable_again"))

    def test_T44_a_standby_alone_is_no_store(self):
        self.opened(address(self.primary)).end()
        self.followed()
        self.refused(address(self.standby), "name every host of the cluster")
        self.assertEqual(self.opened(address(self.standby, self.primary)).ask("put a 1"), "OK")


class Hanging(Fault):
    def test_T44_a_server_that_hangs_is_given_up_and_taken_up_again(self):
        server = Server(self)
        store = self.opened(address(server))
        self.assertEqual(store.ask("put before 10"), "OK")
        self.assertEqual(store.ask("limits 1500 500"), "OK")
        server.signal(signal.SIGSTOP)
        try:
            self.assertEqual(store.ask("put hanging 10"), "STORE_IO")
            self.assertEqual(store.ask("state"), "unwritable")
        finally:
            server.signal(signal.SIGCONT)
        self.assertEqual(store.ask("limits 15000 3000"), "OK")
        store.until("put after 10", "OK")
        self.assertEqual(store.ask("state"), "good")
        self.assertEqual(store.ask("get before"), "OK 10")

    def test_T44_a_short_restart_is_sat_out(self):
        server = Server(self)
        store = self.opened(address(server))
        self.assertEqual(store.ask("put before 10"), "OK")
        self.assertEqual(store.ask("limits 15000 100000"), "OK")
        server.end()
        store.say("put during 10")
        server.start()
        self.assertEqual(store.answer(), "OK")
        store.until("get during", "OK 10")


class Crashing(Fault):
    def test_T44_what_was_told_before_the_server_died_is_there_after_it(self):
        server = Server(self)
        store = self.opened(address(server))
        self.assertEqual(store.ask("limits 15000 100000"), "OK")
        told = {}

        def write(n):
            for _ in range(n):
                name = f"k{len(told)}"
                told[name] = store.ask(f"put {name} 20")

        for kill in (server.kill, lambda: os.kill(server.pids()[-1], signal.SIGKILL), server.kill):
            write(30)
            name = f"k{len(told)}"
            store.say(f"put {name} 20")  # under way, or not yet
            kill()
            if server.process.poll() is not None:
                server.start()
            told[name] = store.answer()
            write(30)
        there = set(server.sql("SELECT name FROM setting WHERE name LIKE 'k%'").split())
        self.assertEqual({n for n, answer in told.items() if answer == "OK"} - there, set())
        self.assertEqual({n for n, answer in told.items() if answer == "STORE_BUSY"} & there, set())
        self.assertLessEqual(set(told.values()), {"OK", "STORE_BUSY", "STORE_IO"})
        self.assertGreater(sum(answer == "OK" for answer in told.values()), 170)


class Passwords(Fault):
    def test_a_wrong_password_is_named_and_never_told(self):
        server = Server(self)
        server.sql("CREATE ROLE shop LOGIN SUPERUSER PASSWORD 's3cret right'")
        server.allow("host all shop 127.0.0.1/32 scram-sha-256")
        self.refused(address(server, user="shop:s3cretwrong"), "password authentication failed", "correct the user or the password")
        self.refused(address(server, user="shop"), "no password supplied", "passfile")
        self.refused(address(server, user="kassa:s3cret"), "no pg_hba.conf entry", "allow it")
        store = self.opened(address(server, user="shop:s3cret%20right"))
        self.assertEqual(store.ask("put a 1"), "OK")
        server.sql("ALTER ROLE shop PASSWORD 's3cret other'")
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kassa'")
        self.assertEqual(store.ask("put b 1"), "STORE_IO")
        self.assertTrue(names(store.told(), "correct the user or the password"))
        server.sql("ALTER ROLE shop PASSWORD 's3cret right'")
        store.until("put b 1", "OK")
        self.assertNotIn("s3cret", store.told())


class Encrypted(Fault):
    def openssl(self, folder, *args):
        subprocess.run(["openssl", *map(str, args)], cwd=folder, check=True, capture_output=True)

    def authority(self, folder, name):
        self.openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                     f"{name}.key", "-out", f"{name}.crt")

    def certificate(self, folder, authority, names_):
        (folder / "names").write_text(f"subjectAltName={names_}\n")
        self.openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db", "-keyout", "server.key", "-out", "server.csr")
        self.openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
                     "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt")

    def test_the_servers_certificate_has_to_be_the_authoritys_and_for_its_name(self):
        server = Server(self)
        folder = server.folder
        self.refused(address(server, sslmode="require"), "does not support SSL", "turn on ssl")
        for name in ("ours", "theirs"):
            self.authority(folder, name)
        self.certificate(folder, "ours", "IP:127.0.0.1,DNS:db.example")
        if owner():
            os.chown(folder / "server.key", owner()["user"], owner()["group"])
        os.chmod(folder / "server.key", 0o600)
        os.chmod(folder, 0o755)
        server.end()
        server.settings.update(ssl="on", ssl_cert_file=folder / "server.crt", ssl_key_file=folder / "server.key")
        server.start()
        server.allow("hostssl all all 127.0.0.1/32 trust")
        whole = {"sslmode": "verify-full", "sslrootcert": folder / "ours.crt"}
        store = self.opened(address(server, **whole))
        self.assertEqual(store.ask("put a 1"), "OK")
        self.assertEqual(server.sql("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                                    " WHERE application_name = 'kassa'"), "t")
        self.refused(address(server, **{**whole, "sslrootcert": folder / "theirs.crt"}), "certificate verify failed", "sslrootcert has to")
        other = address(server, **whole).replace("127.0.0.1", "localhost") + "&hostaddr=127.0.0.1"
        self.refused(other, "does not match host name", "the name that is in")
        self.refused(address(server, sslmode="disable"), "no pg_hba.conf entry")


# A mount of the server's own, which nobody else sees, and which ends with it.
SMALL = 'mount -t tmpfs -o size=24m,mode=0777 tmpfs "$1" && shift && exec setpriv --reuid postgres --regid postgres --clear-groups "$@"'


@unittest.skipIf(os.getuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0,
                 "a small file system needs root")
class Full(Fault):
    def test_T41_a_full_disk_of_the_database_is_told_and_is_over_when_there_is_room(self):
        disk = pathlib.Path(f"/tmp/kassa-small-{os.getpid()}")
        disk.mkdir()
        self.addCleanup(disk.rmdir)
        server = Server(self, around=["unshare", "-m", "sh", "-c", SMALL, "sh", disk])
        inside = pathlib.Path(f"/proc/{server.process.pid}/root") / disk.relative_to("/")
        (inside / "space").mkdir()
        os.chown(inside / "space", owner()["user"], owner()["group"])
        server.sql(f"CREATE TABLESPACE small LOCATION '{disk}/space'")
        server.sql("CREATE DATABASE shop TABLESPACE small")
        store = self.opened(address(server, database="shop"))
        with open(inside / "filler", "wb") as filler:
            stat = os.statvfs(inside)
            filler.write(bytes(max(0, stat.f_bavail * stat.f_frsize - (4 << 20))))
        kept = 0
        while (answer := store.ask(f"put k{kept} 1900000")) == "OK":
            kept += 1
            self.assertLess(kept, 200)
        self.assertEqual(answer, "STORE_FULL")
        self.assertEqual(store.ask("state"), "unwritable")
        self.assertEqual(store.ask(f"get k{kept}"), "NO_ROW")
        self.assertEqual(store.ask("get k0"), "OK 1900000" if kept else "NO_ROW")
        self.assertTrue(names(store.told(), "the database server's disk is full"))
        (inside / "filler").unlink()
        store.until("state", "good")  # asking is trying
        self.assertEqual(store.ask(f"put k{kept} 1900000"), "OK")
        self.assertEqual(store.ask(f"get k{kept}"), "OK 1900000")


if __name__ == "__main__":
    unittest.main()
