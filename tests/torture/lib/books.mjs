// After the torture: what everybody was told, what the wallet took and what Kassa has written down must be the same.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { sleep } from '../../api/lib/process.mjs';
import { onPostgres } from '../../api/lib/store.mjs';
import { verifyNotification, webhookFits } from '../../api/lib/notify.mjs';

const SIM_LIST_MAX = 20000;
const ADVANCE_S = 700;
const ADVANCES_MAX = 120;
const LOOKS = 10;
const LOOK_MS = 100;
/** Of several nodes each follows the clock within a second. */
const LOOK_NODES_MS = 500;

const poisha = (text) => BigInt(text.replace('.', ''));
const sum = (list) => list.reduce((a, b) => a + b, 0n);

/** None, or the test fails showing the first few. */
function none(list, what) {
  assert.equal(list.length, 0, `${what}: ${list.length}, such as ${JSON.stringify(list.slice(0, 5))}`);
}

/** The account's whole history, page by page. */
export async function wholeHistory(w) {
  const rows = [];
  let last = 1;
  let total;
  for (let page = 1; page <= last; page++) {
    const { data, meta } = await w.history({ paginate: 100, page });
    rows.push(...data);
    ({ last_page: last, total } = meta);
  }
  return { rows, total };
}

function notesByPayment(w) {
  const all = new Map();
  for (const note of w.receiver.of('/notify')) {
    const id = JSON.parse(note.text).id;
    all.set(id, [...(all.get(id) ?? []), note]);
  }
  return all;
}

/**
 * The receiver answers well from now on, and time passes until nothing waits any more: unknown executes are asked for, payments
 * run out, notifications are sent again.
 */
export async function settle(w) {
  w.receiver.on('/notify', {});
  await w.sim.clearFaults();
  let waiting;
  let untold;
  for (let n = 0; n < ADVANCES_MAX; n++) {
    await w.clock.advance(ADVANCE_S);
    // what a round leaves waiting is due in a later one: two looks that see the same tell that it is over
    let before;
    for (let looks = 0; looks < LOOKS; looks++) {
      await sleep(w.database ? LOOK_NODES_MS : LOOK_MS);
      const { rows } = await wholeHistory(w);
      const notes = notesByPayment(w);
      waiting = rows.filter((row) => row.status === 'wait').map((row) => row.order_id);
      untold = rows.filter((row) => row.status !== 'wait' && !notes.has(row.id)).map((row) => row.order_id);
      if (!waiting.length && !untold.length) {
        await sleep(500); // for notifications that are one too many
        return;
      }
      const seen = `${waiting} ${untold}`;
      if (seen === before) {
        break;
      }
      before = seen;
    }
  }
  none(waiting, `payments that did not end within ${ADVANCE_S * ADVANCES_MAX} s`);
  none(untold, 'payments that ended and whose merchant was not told');
}

/** Every 200 that a client saw, and nothing besides. */
async function checkOrders(w, load) {
  const { rows, total } = await wholeHistory(w);
  assert.equal(rows.length, total, 'the history has as many payments as it says');
  assert.equal(new Set(rows.map((row) => row.id)).size, rows.length, 'ids are there once');
  assert.equal(new Set(rows.map((row) => row.order_id)).size, rows.length, 'orders are there once');
  const byOrder = new Map(rows.map((row) => [row.order_id, row]));
  none([...byOrder.keys()].filter((id) => !load.orders.has(id)), 'payments that nobody has asked for');
  const promised = [...load.orders.values()].filter((order) => order.id !== undefined);
  none(promised.filter((order) => byOrder.get(order.order_id)?.id !== order.id), 'payments promised to a client that are not there');
  const statuses = new Map();
  for (let i = 0; i < promised.length; i += 16) {
    await Promise.all(promised.slice(i, i + 16).map(async (order) => {
      const answer = await w.call('/v1/payment/status', { order_id: order.order_id });
      assert.equal(answer.status, 200, `the status of ${order.order_id}: ${answer.text}`);
      const status = answer.json;
      assert.deepEqual([status.id, status.uuid, status.url, status.amount], [order.id, order.uuid, order.url, `${order.amount}`],
        `${order.order_id} is what the client was told`);
      assert.equal(status.payment_status, byOrder.get(order.order_id).status, `${order.order_id} in status and history`);
      assert.ok(!order.final || order.final === status.payment_status, `${order.order_id} ended ${order.final}`);
      statuses.set(status.id, status);
    }));
  }
  return { rows, statuses };
}

/** What the wallet took is what was paid, payment by payment and in sum. */
async function checkWallet(w, rows, statuses) {
  const { payments, totals } = await w.sim.control('GET', `payments?limit=${SIM_LIST_MAX}`);
  assert.equal(payments.length, totals.payments, 'the simulator lists all its payments');
  const twice = await w.sim.control('GET', `payments?executes_min=2&limit=${SIM_LIST_MAX}`);
  none(twice.payments, 'wallet payments that were executed more than once');
  assert.ok(totals.executes_max <= 1, 'no wallet payment was executed more than once');
  const taken = payments.filter((payment) => payment.state === 'completed');
  const takenIds = taken.map((payment) => Number(/^K(\d+)-\d+$/.exec(payment.invoice)[1]));
  const paid = new Set(rows.filter((row) => row.status === 'paid').map((row) => row.id));
  assert.equal(new Set(takenIds).size, takenIds.length, 'no payment was charged twice');
  none(takenIds.filter((id) => !paid.has(id)), 'payments whose money was taken and that are not paid');
  none([...paid].filter((id) => !takenIds.includes(id)), 'paid payments whose money was not taken');
  for (const payment of taken) {
    const id = Number(/^K(\d+)-/.exec(payment.invoice)[1]);
    const status = statuses.get(id);
    assert.equal(status?.payment_amount, payment.amount, `the amount of ${payment.invoice}`);
  }
  assert.equal(sum([...paid].map((id) => poisha(statuses.get(id).payment_amount))), poisha(totals.completed_amount),
    'the sum of what was paid is the sum of what was taken');
  return { taken: taken.length, amount: totals.completed_amount };
}

/** Everybody was told of every end, as one notification however often it was sent. */
function checkNotifications(w, statuses) {
  const all = notesByPayment(w);
  none([...all.keys()].filter((id) => !statuses.has(id)), 'notifications of unknown payments');
  let received = 0;
  for (const [id, status] of statuses) {
    const notes = all.get(id) ?? [];
    assert.ok(notes.length > 0, `${status.order_id} was told of`);
    received += notes.length;
    assert.equal(new Set(notes.map((n) => n.headers['webhook-sequence'])).size, 1, `${status.order_id} has one notification`);
    assert.equal(notes[0].headers['webhook-sequence'], '1');
    assert.equal(new Set(notes.map((n) => n.headers['webhook-id'])).size, 1, `the notification of ${status.order_id} has one id`);
    assert.equal(new Set(notes.map((n) => n.text)).size, 1, `the tries of ${status.order_id} are the same`);
    const fields = verifyNotification(notes[0], { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey });
    assert.ok(notes.every((note) => webhookFits(note, 'POST_JSON', w.account.endpoint.secret)), 'signatures fit');
    assert.deepEqual([fields.payment_status, fields.order_id], [status.payment_status, status.order_id]);
    assert.equal(fields.payment_amount, status.payment_amount ?? '0.00', `what was told of ${status.order_id}`);
  }
  const ids = [...all.values()].map((notes) => notes[0].headers['webhook-id']);
  assert.equal(new Set(ids).size, ids.length, 'different notifications have different ids');
  return received;
}

/** The store's own examination, where it is a file, and the ledger's. */
export async function audit(w) {
  const file = path.join(w.dir, w.storeFile ?? 'kassa.db');
  if (!w.database && !onPostgres) {
    const look = spawnSync('sqlite3', ['-readonly', file, 'PRAGMA integrity_check; PRAGMA foreign_key_check;'], { encoding: 'utf8' });
    assert.equal(look.stdout.trim(), 'ok', `SQLite's own check: ${look.stdout.slice(0, 500)}${look.stderr}`);
  }
  await w.cli.run(['audit'], { ms: 180000 });
}

/** Only what was stored, at any time. */
export async function checkStored(w, load) {
  none(load.faults, 'broken promises');
  const { rows } = await checkOrders(w, load);
  await audit(w);
  return `${rows.length} payments`;
}

/** All of it, after settle(). Gives the figures. */
export async function check(w, load) {
  none(load.faults, 'broken promises');
  const { rows, statuses } = await checkOrders(w, load);
  const { taken, amount } = await checkWallet(w, rows, statuses);
  const received = checkNotifications(w, statuses);
  await audit(w);
  const count = (status) => rows.filter((row) => row.status === status).length;
  return `${rows.length} payments (${count('paid')} paid, ${count('cancel')} cancel, ${count('fail')} fail), ` +
    `${taken} charged with ${amount} in all, ${received} notifications received`;
}
