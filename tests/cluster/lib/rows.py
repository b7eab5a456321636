"""A client that writes rows to PostgreSQL and believes only what was acknowledged: the cluster alone, without Kassa.

    rows.py ADDRESS WRITERS

Each row has a name of its own, and what got no answer is written again under the same one. Prints the name of each row that was
acknowledged, and ends when standard input does.
"""

import sys
import threading
import time

import psycopg2

address, writers = sys.argv[1], int(sys.argv[2])
stopping = threading.Event()


def connect():
    connection = psycopg2.connect(address, connect_timeout=5, target_session_attrs="read-write")
    connection.autocommit = True
    return connection


def write(number):
    connection = None
    count = 0
    while not stopping.is_set():
        name = f"{number}-{count}"
        try:
            connection = connection or connect()
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO rows (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))
        except psycopg2.Error:
            connection = None
            time.sleep(0.1)
            continue
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        count += 1
        time.sleep(0.01)


threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(writers)]
for thread in threads:
    thread.start()
sys.stdin.read()
stopping.set()
for thread in threads:
    thread.join(30)
