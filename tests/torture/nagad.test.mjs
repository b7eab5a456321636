// kassad is killed at random moments while payers pay by Nagad, whose money moves at its own page, whoever watches. Afterwards each
// taka that Nagad took is in the books, once, also where the payer never came back, or paid at a page that nobody had sent him to.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { World } from '../api/lib/harness.mjs';
import { Nagad, SIM_ARGS } from '../api/lib/nagad.mjs';
import { sleep, until } from '../api/lib/process.mjs';
import { sqlRows } from '../api/lib/store.mjs';
import { Random, SEED } from './lib/random.mjs';

const KILLS = Math.ceil(Number(process.env.KASSA_KILLS ?? 50) / 3);
// The simulator lists a thousand payments at most.
const WORKERS = KILLS > 60 ? 2 : 8;

/** Kills come at any moment: what fails is tried again by a payer, or given up. */
async function bravely(work) {
  try {
    return await work();
  } catch (error) {
    return { error };
  }
}

describe(`kassad killed ${KILLS} times while payers pay by Nagad, seed ${SEED}`, { concurrency: false }, () => {
  const w = new World();
  const nagad = new Nagad(w);
  const random = new Random('nagad');
  let ended = false;

  before(async () => {
    await w.start({ config: { log: { level: 'warn' } }, simArgs: [...SIM_ARGS, '--fsync', 'no'] });
    await nagad.start();
    w.receiver.on('/notify', () => ({}));
  }, { timeout: 120000 });
  after(() => w.discard(), { timeout: 60000 });

  async function payer() {
    while (!ended) {
      const payment = await bravely(() => nagad.create({ amount: '10.00' }));
      await sleep(random.int(50, 300));
      if (payment.error) {
        continue;
      }
      for (let attempt = 1; attempt <= 3 && !ended; attempt++) {
        await bravely(() => payment.payer.press('pay'));
        await sleep(random.int(20, 400));
        const [made] = (await bravely(() => nagad.byOrder(`K${payment.id}N${attempt}`))) ?? [];
        if (made?.status !== 'OrderInitiated') {
          continue;
        }
        const action = random.pick([[5, 'approve'], [3, 'leave'], [1, 'decline'], [1, 'cancel']]);
        const callback = await bravely(() => nagad.act(made.payment_ref_id, action));
        if (typeof callback === 'string' && random.chance(0.7)) {
          await bravely(() => w.follow(payment, callback));
        }
        break;
      }
    }
  }

  /** Pays at pages of orders that were placed, whether or not anybody was sent there. */
  async function stranger() {
    while (!ended) {
      await sleep(random.int(100, 400));
      const payments = await bravely(() => nagad.all());
      const open = payments.error ? [] : payments.filter((p) => p.status === 'OrderInitiated');
      if (open.length > 0) {
        await bravely(() => nagad.act(open[random.int(0, open.length - 1)].payment_ref_id, 'leave'));
      }
    }
  }

  it('it starts again each time', { timeout: (60 + KILLS * 6) * 1000 }, async () => {
    const load = [...Array.from({ length: WORKERS }, payer), stranger()];
    for (let i = 0; i < KILLS; i++) {
      if (random.chance(0.3)) {
        await nagad.fault(random.pick([[1, 'complete'], [1, 'initialize'], [2, 'verify']]),
          random.pick([[2, 'delay'], [1, 'drop_after_commit'], [1, 'drop_before']]), { value: '300' });
      }
      await sleep(random.int(80, 900));
      await w.kill9();
      assert.equal(w.kassad.end.signal, 'SIGKILL', `kassad ended by itself:\n${w.kassadLog().slice(-3000)}`);
      await w.startKassad();
      if (random.chance(0.5)) {
        await w.clock.advance(12);
      }
    }
    ended = true;
    await Promise.all(load);
  });

  it('what Nagad took is in the books once, and no more', { timeout: 120000 }, async (t) => {
    await w.sim.clearFaults();
    const paid = (await nagad.all()).filter((p) => p.status === 'Success');
    const credits = async () => (await w.cli.json(['credit', 'list'])).credits;
    for (const seconds of [90, 20, 3600, 3600, 3600]) {
      const now = await w.clock.advance(seconds);
      await until(async () => !(await sqlRows(w.cli.store, `SELECT id FROM attempt WHERE next_ask_at <= ${now} LIMIT 1`)).length,
        { ms: 30000, every: 100, what: 'answers to all that is due' });
    }
    await until(async () => (await credits()).length >= paid.length, { ms: 30000, every: 500, what: `${paid.length} credits` });
    const found = await credits();
    assert.deepEqual(found.map((c) => c.trx_id).sort(), paid.map((p) => p.issuer_payment_ref).sort());
    assert.ok(found.every((c) => c.amount === '10.00'));
    const orders = new Map(paid.map((p) => [p.issuer_payment_ref, p.order_id]));
    for (const credit of found) {
      assert.equal(orders.get(credit.trx_id).split('N')[0], `K${credit.payment}`, 'the money is of its own payment');
    }
    t.diagnostic(`${paid.length} payments were paid at Nagad's page`);
    assert.ok(paid.length > KILLS / 2);
    await w.audit();
  });

  it('every paid payment was told', { timeout: 60000 }, async () => {
    const attached = (await w.cli.json(['credit', 'list'])).credits.filter((c) => c.attached).map((c) => c.payment);
    const told = () => new Set(w.receiver.of('/notify').map((note) => JSON.parse(note.text)).filter((n) => n.payment_status === 'paid')
      .map((n) => n.id));
    await w.clock.advance(3600);
    await until(() => attached.every((id) => told().has(id)), { ms: 40000, what: `${attached.length} notifications` });
    await w.stop();
  });
});
