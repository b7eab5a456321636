// Kassa on a cluster: two gateways behind HAProxy on PostgreSQL under Patroni, while payers pay. Whatever becomes of the machines,
// what anybody was told holds, and money moves once. KASSA_CLUSTER=all walks through all faults, KASSA_CLUSTER=TEXT through those with the
// text in their names; else a primary and a gateway are killed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { check, settle } from '../torture/lib/books.mjs';
import { Shops } from './lib/shops.mjs';
import { ALL_FAULTS, chosen, publish, report, walk } from './lib/walk.mjs';
import { ClusterWorld } from './lib/world.mjs';

const FAULTS = chosen(ALL_FAULTS, 'kill -9 of the primary: the whole machine', 'kill -9 of a gateway');
const WORKERS = 12;

const OPTIONS = {
  feePercent: '1.5',
  simArgs: ['--fsync', 'no', '--hourly-block', 'no'],
  config: { log: { level: 'warn' }, wallet: { token_budget_per_hour: 1000 }, notify: { connect_timeout_ms: 500, timeout_ms: 700 } },
};

describe('Kassa on a cluster', { concurrency: false }, () => {
  const w = new ClusterWorld();
  let load;
  before(() => w.start(OPTIONS), { timeout: 200000 });
  after(() => w.discard(), { timeout: 60000 });

  it('nothing acknowledged is lost, nothing is done twice', { timeout: 1800000 }, async (t) => {
    await w.seen();
    load = new Shops(w, { prefix: 'c', pauseMs: FAULTS.length > 3 ? 700 : 400 });
    load.start(WORKERS);
    let rows;
    try {
      rows = await walk(w, load, FAULTS, (text) => t.diagnostic(text));
      await load.stop();
    } catch (error) {
      await load.abandon();
      error.message += `\n${load.faults.join('\n')}\n${w.kassadLog()}`;
      throw error;
    }
    t.diagnostic(`the load: ${JSON.stringify(load.counts)}`);
    const found = report(rows, load, await load.stored());
    publish('kassa', found, t);
    assert.ok(found.acknowledged > 50, `there was a load: ${found.acknowledged} creates`);
    assert.deepEqual([found.lost, found.doubled], [0, 0]);
  });

  it('what clients were told, what the wallet took, what merchants heard and the books agree', { timeout: 600000 }, async (t) => {
    await settle(w);
    t.diagnostic(await check(w, load));
    await w.stop();
  });
});
