// Where an installation's store is: a file in its folder or, with KASSA_TEST_STORE=pg, a database of its own on the server that
// tools/with-postgres has started. And SQL beside the programs, on either.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { run } from './process.mjs';

export const onPostgres = process.env.KASSA_TEST_STORE === 'pg';

const FILE = 'kassa.db';
const isServer = (store) => store.startsWith('postgresql://');

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

/** The rows of one SELECT, as objects. */
export async function sqlRows(store, select) {
  if (isServer(store)) {
    return JSON.parse(await sqlRun(store, `SELECT coalesce(json_agg(r), '[]') FROM (${select}) r`));
  }
  return JSON.parse(await program('sqlite3', ['-json', '-cmd', '.timeout 5000', store, select]) || '[]');
}

/** A place for a new store: store.path as a configuration says it. */
export async function storeNew(dir, onFile = !onPostgres) {
  if (onFile) {
    return path.join(dir, FILE);
  }
  const name = `kassa_${randomBytes(6).toString('hex')}`;
  await sqlRun(server('postgres'), `CREATE DATABASE ${name}`);
  return server(name);
}

/** Files go with their folder. */
export async function storeRemove(store) {
  if (store && isServer(store)) {
    await sqlRun(server('postgres'), `DROP DATABASE IF EXISTS ${/\/(kassa_\w+)\?/.exec(store)[1]} WITH (FORCE)`);
  }
}

/** A copy of a store that nobody else knows, and that anybody may edit: without triggers and checks that would keep one from it. */
export async function storeCopy(store, dir) {
  const to = await storeNew(dir);
  if (!isServer(store)) {
    await program('sqlite3', [store, `.backup ${to}`]);
  } else {
    await program('bash', ['-c', 'set -o pipefail; pg_dump "$0" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null "$1"', store, to]);
  }
  return to;
}
