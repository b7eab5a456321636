// The process that serves kassad's writer is killed at chosen system calls of a create and of a payment: before it reads a statement,
// before it writes or syncs its log, before it answers. PostgreSQL then ends all connections and recovers; whatever kassad answered
// holds, and what it could not know is found out and never guessed. kassad's own system calls: tests/torture/kill-points.test.mjs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { World } from '../api/lib/harness.mjs';
import { until } from '../api/lib/process.mjs';
import { check, settle } from '../torture/lib/books.mjs';
import { Load } from '../torture/lib/load.mjs';
import { Random, SEED } from '../torture/lib/random.mjs';
import { Strace, straceMissing } from '../torture/lib/strace.mjs';
import { Server } from './lib/server.mjs';

/** [system call, its counts, of a create; of a payment]. A count that is not reached is no point. */
const POINTS = [
  ['recvfrom', [2, 4], [2, 5, 8, 11, 14]],
  ['sendto', [1, 2], [1, 4, 7, 10, 13]],
  ['fdatasync', [1], [2, 3, 4, 5]],
  ['pwrite64', [1], [2, 3, 5, 7]],
];
const POINTS_MIN = 14;
/** After this much of its time a call without an answer is asked for, and a notification that was leased is taken again. */
const SECONDS = 200;

describe(`the writer's server killed at system calls, seed ${SEED}`, { skip: straceMissing(), concurrency: false }, () => {
  const w = new World();
  const server = new Server();
  const random = new Random('points');
  let load;
  let killed = 0;

  before(async () => {
    await server.make();
    await w.start({ config: { server: { threads: 1 }, wallet: { token_budget_per_hour: 1000 } }, feePercent: '1.5',
      simArgs: ['--fsync', 'no', '--hourly-block', 'no'] });
    load = new Load(w, { prefix: 'p' });
  }, { timeout: 120000 });
  after(async () => {
    await w.discard();
    await server.discard();
  }, { timeout: 60000 });

  /** kassad's writer has just written: its connection is known, and stands between two units. */
  async function written(name) {
    const order = load.newOrder(name, random);
    await until(() => load.post(order), { ms: 60000, what: 'a create' });
  }

  /** Does `act` while the writer's server is killed at that point; true when it was. */
  async function killAt(call, count, act) {
    await written(`before-${call}-${count}-${load.orders.size}`);
    const writer = await server.writer(w.cli.store);
    const trace = await Strace.attach(writer, `${call}:signal=KILL:when=${count}`);
    await act();
    const hit = !server.pids().includes(writer);
    if (!hit) {
      await trace.detach();
      return false;
    }
    await trace.ended;
    await server.bringBack();
    await w.clock.advance(SECONDS);
    assert.deepEqual(load.faults, [], `killed at ${call} ${count}`);
    killed++;
    return true;
  }

  async function walk(which, act) {
    const done = [];
    for (const [call, ...counts] of POINTS) {
      let hits = 0;
      for (const count of counts[which]) {
        hits += await killAt(call, count, () => act(`${call}-${count}`)) ? 1 : 0;
      }
      assert.ok(hits > 0, `it was killed at ${call}`);
      done.push(`${hits} at ${call}`);
    }
    return done.join(', ');
  }

  it('T38 T44 a create is there once, and what was answered is there', { timeout: 300000 }, async (t) => {
    t.diagnostic(await walk(0, async (name) => {
      const order = load.newOrder(`create-${name}`, random);
      await until(() => load.post(order), { ms: 60000, what: `the create ${name}` });
      const again = await until(async () => {
        const answer = await w.call('/v1/payment', order.body);
        return answer.status === 200 && answer; // it may have been killed just now
      }, { ms: 60000, what: `the create ${name} again` });
      assert.deepEqual([again.headers['idempotent-replayed'], again.json.id], ['true', order.id]);
      await load.look(order);
    }));
  });

  it('T39 T44 a payment is paid once, and its merchant hears of it', { timeout: 600000 }, async (t) => {
    t.diagnostic(await walk(1, async (name) => {
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
