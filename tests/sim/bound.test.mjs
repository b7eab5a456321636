// The bound on payments: the state file is filled by hand up to it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Sim } from './start.mjs';

const FILL = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = ((f"TR0011old{i}", f"I{i}", "1", "http://127.0.0.1:1/", "s", None, 100, int(sys.argv[2]) if i == 40000 else 0, 0, 0,
         int(sys.argv[3]), 0, 0, 0) for i in range(100000))
db.executemany("INSERT INTO payment (id, invoice, payer_reference, callback_url, signature, trx_id, amount, state, poor,"
               " wrong_pins, created_ms, executed_ms, executes, queries) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows)
db.commit()
`;

async function filled(state, created_ms) {
  const sim = await Sim.start();
  await sim.down();
  execFileSync('/usr/bin/python3', ['-c', FILL, `${sim.dir}/walletsim.sqlite`, String(state), String(created_ms)]);
  await sim.up();
  await sim.login();
  return sim;
}

const known = async (sim, id) => (await sim.json('GET', `/control/payments/${id}`)).status === 200;

test('beyond 100000 payments a finished one is forgotten, a waiting one never', async () => {
  const sim = await filled(3, Date.now());
  try {
    const id = await sim.created();
    assert.ok(await known(sim, id));
    assert.ok(!await known(sim, 'TR0011old40000'));
    assert.ok(await known(sim, 'TR0011old0'));
    assert.equal((await sim.create()).body.statusCode, '503');
    assert.equal((await sim.control('GET', '/payments?limit=1')).totals.payments, 100000);
  } finally {
    await sim.end();
  }
});

test('a payment that has expired counts as finished', async () => {
  const sim = await filled(0, Date.now() - 25 * 3600 * 1000);
  try {
    await sim.created();
    await sim.created();
    assert.ok(!await known(sim, 'TR0011old0') && !await known(sim, 'TR0011old1'));
    assert.ok(await known(sim, 'TR0011old2'));
  } finally {
    await sim.end();
  }
});
