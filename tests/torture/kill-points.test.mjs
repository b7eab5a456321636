// kassad is killed at chosen system calls: before each piece of a commit is written, before it is synced, before an answer or a
// call goes out, before an answer is read. Between any two of them a machine may lose its power.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { World } from '../api/lib/harness.mjs';
import { until } from '../api/lib/process.mjs';
import { onPostgres } from '../api/lib/store.mjs';
import { check, settle } from './lib/books.mjs';
import { Load } from './lib/load.mjs';
import { Random, SEED } from './lib/random.mjs';
import { Strace, straceMissing } from './lib/strace.mjs';

/** [system call, its counts]. A count that is not reached is no point; the walk of a call ends there. */
const range = (from, to, step = 1) => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
const OF_CREATE = onPostgres ? [
  // what goes to the database's server and what comes from it; its own writing: tests/postgres/kill-points.test.mjs
  ['sendto', range(1, 12)],
  ['recvfrom', range(1, 12)],
  ['sendmsg', range(1, 2)],
] : [
  ['pwrite64', range(1, 60, 3)],
  ['fdatasync', range(1, 2)],
  ['sendmsg', range(1, 2)],
];
const OF_PAY = onPostgres ? [
  ['sendto', range(2, 60, 5)],
  ['sendmsg', range(1, 6)],
  ['recvfrom', range(2, 60, 5)],
] : [
  ['pwrite64', range(2, 120, 9)],
  ['fdatasync', range(1, 12)],
  ['sendto', range(1, 6)],
  ['sendmsg', range(1, 6)],
  ['recvfrom', range(1, 12)],
];
const POINTS_MIN = 25;
/** After this much of its time a call without an answer is asked for, and a notification that was leased is taken again. */
const SECONDS = 200;

const CONFIG = {
  server: { threads: 1 },
  wallet: { token_budget_per_hour: 1000 },
};

const missing = straceMissing();

describe(`kassad killed at system calls, seed ${SEED}`, { skip: missing, concurrency: false }, () => {
  const w = new World();
  const random = new Random('points');
  let load;
  let killed = 0;

  before(async () => {
    await w.start({ config: CONFIG, feePercent: '1.5', simArgs: ['--fsync', 'no', '--hourly-block', 'no'] });
    load = new Load(w, { prefix: 'p' });
  }, { timeout: 120000 });
  after(() => w.discard(), { timeout: 60000 });

  /** Does `act` with kassad killed at that point; true when it was. It is up again afterwards. */
  async function killAt(call, count, act) {
    const trace = await Strace.attach(w.kassad.pid, `${call}:signal=KILL:when=${count}`);
    const acting = act();
    await Promise.race([w.kassad.ended, acting]);
    if (!w.kassad.end) {
      await trace.detach();
    }
    const hit = Boolean(w.kassad.end);
    if (hit) {
      assert.equal(w.kassad.end.signal, 'SIGKILL', `kassad ended by itself:\n${w.kassadLog().slice(-3000)}`);
      await trace.ended;
      killed++;
      await w.startKassad();
      await w.clock.advance(SECONDS);
    }
    await acting;
    assert.deepEqual(load.faults, [], `killed at ${call} ${count}`);
    return hit;
  }

  async function walk(points, act) {
    const done = [];
    for (const [call, counts] of points) {
      let hits = 0;
      for (const count of counts) {
        if (!await killAt(call, count, () => act(`${call}-${count}`))) {
          break;
        }
        hits++;
      }
      assert.ok(hits > 0, `kassad was killed at ${call}`);
      done.push(`${hits} at ${call}`);
    }
    return done.join(', ');
  }

  it('a create is there or it is not, and what was answered is there', { timeout: 300000 }, async (t) => {
    t.diagnostic(await walk(OF_CREATE, async (name) => {
      const order = load.newOrder(`create-${name}`, random);
      let answered = await load.post(order);
      if (!answered) {
        await until(() => w.history().then(() => true, () => false), { what: 'kassad, up again' });
        const found = await w.call('/v1/payment/status', { order_id: order.order_id });
        assert.ok([200, 400].includes(found.status), `the status of an unanswered create: ${found.status} ${found.text}`);
        if (found.status === 200) {
          Object.assign(order, { id: found.json.id, uuid: found.json.uuid, url: found.json.url });
        }
        answered = await load.post(order);
        assert.ok(answered, 'the same create again');
        const again = await w.call('/v1/payment', order.body);
        assert.equal(again.headers['idempotent-replayed'], 'true');
      }
      await load.look(order);
    }));
  });

  it('a payment is paid once, and its merchant hears of it', { timeout: 600000 }, async (t) => {
    t.diagnostic(await walk(OF_PAY, async (name) => {
      const order = load.newOrder(`pay-${name}`, random);
      await load.create(order, random);
      await load.visit(order, 'pay', random, { patient: true });
      await until(() => w.receiver.notes.some((note) => note.text.includes(`"${order.order_id}"`)),
        { ms: 40000, what: `the notification of ${order.order_id}` });
      await until(() => load.look(order).then(() => order.final), { what: `the end of ${order.order_id}` });
      assert.equal(order.final, 'paid', `${order.order_id} ended`);
    }));
  });

  it('it was killed at enough points, and all books agree', { timeout: 300000 }, async (t) => {
    assert.ok(killed >= POINTS_MIN, `${killed} points`);
    await settle(w);
    t.diagnostic(`${killed} points; ${await check(w, load)}`);
    await w.stop();
  });
});
