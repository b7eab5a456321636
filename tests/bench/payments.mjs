// What a whole payment costs on PostgreSQL: created, its page opened, paid at bKash's simulator, told to the merchant. Run by
//
//   KASSA_TEST_STORE=pg tools/with-postgres --durable node tests/bench/payments.mjs [PAYMENTS] [AT ONCE]
//
// Prints one JSON object. It counts what the processes used, so it does not matter that the payers are slow.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { World } from '../api/lib/harness.mjs';
import { parallel } from '../api/lib/expect.mjs';
import { sleep, until } from '../api/lib/process.mjs';
import { sqlRun } from '../api/lib/store.mjs';

const [payments, width] = [Number(process.argv[2] ?? 1500), Number(process.argv[3] ?? 48)];
const WARM_UP = 100;
const PAYER_MS = 1000;
/** What the programs do when nobody pays is taken off. */
const IDLE_S = 10;
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const folder = /host=([^&]+)/.exec(process.env.KASSA_TEST_PG)[1];
const postmaster = Number(fs.readFileSync(path.join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);

/** [parent, its own ticks, those of children that have ended] */
function times(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ').map(Number);
    return [fields[1], fields[11] + fields[12], fields[13] + fields[14]];
  } catch {
    return [0, 0, 0];
  }
}

function serverSeconds() {
  const pids = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  const all = pids.map((pid) => [pid, ...times(pid)]).filter(([pid, parent]) => pid === postmaster || parent === postmaster);
  return all.reduce((sum, [pid, , own, ended]) => sum + own + (pid === postmaster ? ended : 0), 0) / ticks;
}

const number = async (w, sql) => Number(await sqlRun(w.cli.store, sql));

async function look(w) {
  await sqlRun(w.cli.store, 'CHECKPOINT').catch(() => {});
  return {
    kassad_cpu_us: (times(w.kassad.pid)[1] / ticks) * 1e6,
    server_cpu_us: serverSeconds() * 1e6,
    wal_bytes: await number(w, "SELECT pg_current_wal_insert_lsn() - '0/0'"),
    stored_bytes: await number(w, 'SELECT pg_database_size(current_database())'),
    units: await w.metric('kassa_store_units_total'),
    commits: await w.metric('kassa_store_commits_total'),
  };
}

/** As a browser does it: the page, the button, the wallet, the way back, and a look each second until it says paid. */
async function pay(w) {
  const payment = await w.create();
  const payer = w.payer(payment);
  await payer.press('pay', { html: (await payer.page()).text });
  const { payment_id: paymentID } = await w.sim.created(`K${payment.id}-1`);
  await sleep(PAYER_MS);
  await w.follow(payment, await w.sim.approve(paymentID));
  await until(async () => (await payer.state()).stage === 'paid', { every: PAYER_MS, ms: 60000, what: 'a payment that is paid' });
}

async function payAll(w, count) {
  const told = w.receiver.of('/notify').length;
  await parallel(Array.from({ length: count }), () => pay(w), width);
  await w.receiver.wait('/notify', told + count, 60000);
}

const w = await new World().start({ feePercent: '1.5', simArgs: ['--fsync', 'no', '--hourly-block', 'no'], config: { log: { level: 'warn' } } });
try {
  await w.seen();
  await payAll(w, WARM_UP);
  const idle = await look(w);
  await sleep(IDLE_S * 1000);
  const before = await look(w);
  const start = Date.now();
  await payAll(w, payments);
  const seconds = (Date.now() - start) / 1000;
  const after = await look(w);
  const share = (key) => after[key] - before[key] - ((before[key] - idle[key]) / IDLE_S) * seconds;
  const each = Object.fromEntries(Object.keys(after).map((key) => [key, Math.round((share(key) / payments) * 100) / 100]));
  console.log(JSON.stringify({ payments, at_once: width, per_s: Math.round(payments / seconds), ...each }));
} finally {
  await w.stop();
}
