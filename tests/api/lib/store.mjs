// Where an installation's store is: a file in its folder or, with KASSA_TEST_STORE=pg, a database of its own on the server that
// tools/with-postgres has started. And SQL beside the programs, on either.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { run } from './process.mjs';

export const onPostgres = process.env.KASSA_TEST_STORE === 'pg';

const FILE = 'kassa.db';
export const isServer = (store) => store.startsWith('postgresql://');

function server(database) {
  if (!process.env.KASSA_TEST_PG) {
    throw new Error('KASSA_TEST_PG is not set: run this by tools/with-postgres');
  }
  return process.env.KASSA_TEST_PG.replace('/postgres?', `/${database}?`);
}

async function program(name, args) {
  const done = await run(name, args);
  if (done.code !== 0) {
    throw new Error(`${name} ended with ${done.code}: ${done.stderr}`);
  }
  return done.stdout.trim();
}

/** Statements, on either engine; gives what they print, as psql and sqlite3 print it without decoration. */
export function sqlRun(store, text) {
  return isServer(store) ? program('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', store, '-c', text])
    : program('sqlite3', ['-cmd', '.timeout 5000', store, text]);
}

/** Statements about the server itself and its databases. */
export function serverRun(text) {
  return sqlRun(server('postgres'), text);
}

/** The rows of one SELECT, as objects. */
export async function sqlRows(store, select) {
  if (isServer(store)) {
    return JSON.parse(await sqlRun(store, `SELECT coalesce(json_agg(r), '[]') FROM (${select}) r`));
  }
  return JSON.parse(await program('sqlite3', ['-json', '-cmd', '.timeout 5000', store, select]) || '[]');
}

const nameOf = (store) => /\/(kassa_\w+)\?/.exec(store)[1];

/** A place for a new store: store.path as a configuration says it. */
export async function storeNew(dir, onFile = !onPostgres, template = 'template1') {
  if (onFile) {
    return path.join(dir, FILE);
  }
  const name = `kassa_${randomBytes(6).toString('hex')}`;
  await serverRun(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  return server(name);
}

/** Files go with their folder. */
export async function storeRemove(store) {
  if (store && isServer(store)) {
    await serverRun(`DROP DATABASE IF EXISTS ${nameOf(store)} WITH (FORCE)`);
  }
}

/** A copy of a store in use. */
export async function storeCopy(store, dir) {
  const to = await storeNew(dir);
  if (isServer(store)) {
    await program('bash', ['-c', 'set -o pipefail; pg_dump "$0" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null "$1"', store, to]);
  } else {
    await program('sqlite3', [store, `.backup ${to}`]);
  }
  return to;
}

/** A copy of a store that nobody uses. */
export async function storeClone(store, dir) {
  const to = await storeNew(dir, !isServer(store), isServer(store) ? nameOf(store) : undefined);
  if (!isServer(store)) {
    fs.copyFileSync(store, to);
  }
  return to;
}

/** Puts a database back to what `first`, which nobody uses, is. */
export async function storeReset(store, first) {
  await storeRemove(store);
  await serverRun(`CREATE DATABASE ${nameOf(store)} TEMPLATE ${nameOf(first)}`);
}

/** Takes away the triggers, and on PostgreSQL the checks and keys, that keep one from editing it; SQLite's are asked not to look. */
export async function storeUnlock(store) {
  const drops = isServer(store) ? await sqlRun(store, `SELECT format('DROP TRIGGER %I ON %s;', tgname, tgrelid::regclass) FROM pg_trigger
      WHERE NOT tgisinternal UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT %I;', conrelid::regclass, conname)
      FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = current_schema()::regnamespace`)
    : await sqlRun(store, "SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_master WHERE type = 'trigger'");
  await sqlRun(store, drops);
}

/** How many rows the last of these statements has changed. */
export async function sqlChanges(store, text) {
  if (isServer(store)) {
    const tags = await program('psql', ['-XAt', '-v', 'ON_ERROR_STOP=1', '-d', store, '-c', text]);
    return Number(/ (\d+)$/.exec(tags)[1]);
  }
  return Number(await program('sqlite3', [store, `PRAGMA ignore_check_constraints = 1; ${text}; SELECT changes()`]));
}
