// The database's cluster by itself: what it acknowledged is there, whatever becomes of its machines. KASSA_CLUSTER=all walks
// through all faults, KASSA_CLUSTER=TEXT through those with the text in their names; else the primary is killed once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Database } from './lib/database.mjs';
import { Rows } from './lib/rows.mjs';
import { chosen, DATABASE_FAULTS, publish, report, walk } from './lib/walk.mjs';

const FAULTS = chosen(DATABASE_FAULTS, 'kill -9 of the primary: the whole machine');

describe('PostgreSQL under Patroni', { concurrency: false }, () => {
  const database = new Database();
  before(() => database.start(), { timeout: 200000 });
  after(() => database.stop(), { timeout: 60000 });

  it('no acknowledged row is lost or there twice', { timeout: 1500000 }, async (t) => {
    const load = new Rows(database);
    await load.start();
    const rows = await walk({ database }, load, FAULTS, (text) => t.diagnostic(text));
    await load.stop();
    const found = report(rows, load, await load.stored());
    publish('database', found, t);
    assert.ok(found.acknowledged > 100, `there was a load: ${found.acknowledged} rows`);
    assert.deepEqual([found.lost, found.doubled], [0, 0]);
  });
});
