// The clock of a whole machine, gateway, database and wallet alike, is in another year or zone, or jumps.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILD, World } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { until } from '../api/lib/process.mjs';
import { Server } from './lib/server.mjs';

const HOUR_S = 3600;
/** Beyond the 19th of January 2038, when seconds outgrow 31 bits. */
const YEARS_S = 13 * 366 * 24 * HOUR_S;
const ZONES = { TZ: 'Pacific/Kiritimati', PGTZ: 'America/New_York' };

describe('the machine\'s clock', { concurrency: false }, () => {
  const w = new World();
  const server = new Server();
  const file = path.join(server.folder, 'apart');
  const set = (seconds) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, bytes, 0, 8, 0);
    fs.closeSync(fd);
  };
  const kept = {};

  before(async () => {
    fs.writeFileSync(file, Buffer.alloc(8));
    fs.chmodSync(server.folder, 0o755);
    set(YEARS_S);
    Object.assign(kept, Object.fromEntries(['LD_PRELOAD', 'CLOCK_APART_FILE', ...Object.keys(ZONES)].map((k) => [k, process.env[k]])));
    Object.assign(process.env, { LD_PRELOAD: path.join(BUILD, 'tests/nodes/clock_apart.so'), CLOCK_APART_FILE: file, ...ZONES });
    await server.make({ settings: { fsync: 'off', timezone: 'America/New_York', datestyle: 'German' } });
    await w.start({ simArgs: ['--fsync', 'no'], purposes: ['payments', 'notifications'] });
  }, { timeout: 120000 });
  after(async () => {
    await w.discard();
    await server.discard();
    for (const [name, value] of Object.entries(kept)) {
      if (value === undefined) {
        delete process.env[name];
      } else {
        process.env[name] = value;
      }
    }
  }, { timeout: 60000 });

  const now = () => request('GET', `${w.opsUrl}/sandbox/clock`).then((answer) => answer.json.now_ms);
  const notes = (payment) => w.receiver.of('/notify').filter((note) => JSON.parse(note.text).id === payment.id);
  const told = async (payment, status) => {
    await until(() => notes(payment).length > 0, { what: 'its notification' });
    assert.deepEqual(notes(payment).map((note) => JSON.parse(note.text).payment_status), [status]);
  };
  /** A transaction that has one end before the jump and the other behind it is refused. */
  const jump = async (seconds) => {
    set(seconds);
    await until(async () => (await w.tryCreate()).status === 200, { what: 'a create after the jump' });
    await until(async () => (await request('GET', `${w.opsUrl}/readyz`)).status === 200, { what: 'readiness after the jump' });
  };

  it('T46 after 2038, and with other zones at the server and at the gateway: days and times are right', { timeout: 60000 }, async () => {
    assert.ok(Math.abs(await now() - Date.now() - YEARS_S * 1000) < 60000, 'the gateway is in another year');
    const payment = await w.create({ amount: '55.00' });
    await w.pay(payment);
    await told(payment, 'paid');
    const { data } = await w.history();
    const row = data.find((one) => one.id === payment.id);
    const at = Date.parse(`${row.created_at.replace(' ', 'T')}+06:00`);
    assert.ok(Math.abs(at - await now()) < 60000, `${row.created_at} is Dhaka's time`);
  });

  it('T46 an hour ahead: what has run out ends once; an hour back: what is new lives on, and nothing is told again', { timeout: 120000 }, async () => {
    const old = await w.create({ lifetime: 900 });
    await jump(YEARS_S + HOUR_S);
    await w.state(old, 'cancelled');
    await told(old, 'cancel');
    const fresh = await w.create({ lifetime: 900 });
    const { paymentID } = await w.begin(fresh);
    await jump(YEARS_S);
    const callback = await w.sim.approve(paymentID);
    await w.follow(fresh, callback);
    await fresh.payer.reaches('paid');
    await told(fresh, 'paid');
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
    await jump(YEARS_S + HOUR_S);
    await w.pay(await w.create());
    assert.deepEqual([notes(old).length, notes(fresh).length], [1, 1], 'nothing is told twice');
    assert.equal((await w.status(old)).payment_status, 'cancel');
    const ids = (await w.history()).data.map((one) => one.id);
    assert.deepEqual(ids, [...ids].sort((a, b) => a - b), 'the history is in the order of the ids');
    await w.audit();
    await w.stop();
  });
});
