// A day's money here against what the wallets said: a right day says so, and each kind of difference is named.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { configSet } from './lib/cli.mjs';
import { suite } from './lib/harness.mjs';
import { PAYERS, addNumber } from './lib/number.mjs';
import { freePort, run, until } from './lib/process.mjs';
import { Rocket } from './lib/rocket.mjs';
import { onPostgres, sqlRun, storeCopy, storeRemove } from './lib/store.mjs';

const TOPIC = 'arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa';
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-day-'));
after(() => fs.rmSync(dir, { recursive: true, force: true }));

const stamp = (ms) => new Date(ms + 6 * 3600 * 1000).toISOString().slice(0, 19).replace('T', ' '); // Dhaka's
const checks = (report) => report.differences.map((d) => d.check).sort();
const named = (report, check) => report.differences.filter((d) => d.check === check);

/** A day that ends while a suite runs would be two: near midnight the suite waits for the next. */
async function wholeDay() {
  const left = 86400000 - ((Date.now() + 6 * 3600 * 1000) % 86400000);
  if (left < 180000) {
    await new Promise((resolve) => { setTimeout(resolve, left + 1000); });
  }
}

function reconciler(w) {
  return {
    async run(more = [], date) {
      const day = date ?? stamp(await w.clock.now()).slice(0, 10);
      return w.cli.try(['reconcile', '--config', w.cli.config, '--date', day, ...more]);
    },
    async report(more = [], date) {
      const { code, stdout, stderr } = await this.run([...more, '--json'], date);
      assert.ok(stdout, stderr);
      const report = JSON.parse(stdout);
      assert.deepEqual([code, report.ok], report.difference_count ? [1, false] : [0, true]);
      return report;
    },
    async agrees(more, date) {
      const report = await this.report(more, date);
      assert.deepEqual(report.differences, []);
      return report;
    },
  };
}

let files = 0;
function statement(lines, header = 'trx_id,amount,time') {
  const file = path.join(dir, `statement-${files += 1}.csv`);
  fs.writeFileSync(file, [header, ...lines.map((l) => l.join(','))].map((l) => `${l}\n`).join(''));
  return file;
}

// SNS's certificate
const sns = { key: path.join(dir, 'sns.key'), cert: path.join(dir, 'sns.pem') };
const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=sns.amazonaws.com', '-addext',
  'subjectAltName=IP:127.0.0.1,DNS:sns.amazonaws.com', '-keyout', sns.key, '-out', sns.cert]);
assert.equal(made.code, 0, made.stderr);
const snsPort = await freePort(), freshPort = await freePort();

suite('a day of bKash', {
  endpoint: false,
  simArgs: ['--sns-listen', `127.0.0.1:${snsPort}`, '--sns-certificate', sns.cert, '--sns-key', sns.key],
  config: { sandbox: { sandbox: 'yes', sns_url: `https://127.0.0.1:${snsPort}`, sns_ca_file: sns.cert }, wallet: { timeout_ms: 5000 } },
}, (w) => {
  const day = reconciler(w);
  let lines, own;
  const against = (changed) => day.report(['--credential', w.credential.id, '--statement', statement(changed)]);
  const without = (i) => lines.filter((_, k) => k !== i);
  const tell = (what) => w.sim.control('POST', 'sns', { url: `${w.payUrl}/webhook/bkash`, ...what });
  before(async () => {
    await wholeDay();
    own = ['--credential', w.credential.id];
  });

  it('an empty day agrees, and one that has not begun is refused', async () => {
    const report = await day.agrees();
    assert.deepEqual(report.tills, []);
    assert.match((await day.run()).stdout, /agrees/);
    assert.equal((await day.run([], '2999-01-01')).code, 2);
    assert.equal((await day.run([], '2026-02-30')).code, 2);
    assert.equal((await day.run(['--wallet', 'upay'])).code, 2);
    assert.equal((await day.run(['--credential', '999999'])).code, 1);
    assert.equal((await day.run([...own, '--wallet', 'nagad'])).code, 2);
  });

  it('a right day agrees with the statement, to the poisha', async () => {
    const payments = [await w.create({ amount: '300.00' }), await w.create({ amount: '0.05' })];
    for (const payment of payments) {
      await w.pay(payment);
    }
    await w.cli.json(['refund', payments[0].id, '--amount', '120.50', '--reason', 'returned']);
    await w.until(payments[0], 'a refund', (p) => p.refunds.at(-1)?.state === 'done');
    const [first, second] = [await w.show(payments[0]), await w.show(payments[1])];
    const now = stamp(await w.clock.now());
    lines = [[first.credits[0].trx_id, '300.00', now], [second.credits[0].trx_id.toLowerCase(), '0.05', now.slice(0, 16)],
      [first.refunds[0].refund_trx_id, '-120.50', now]];
    const report = await day.agrees([...own, '--statement', statement(lines)]);
    assert.deepEqual([report.statement_lines, report.statement_in, report.statement_out], [3, '300.05', '120.50']);
    const [till] = report.tills;
    assert.deepEqual([till.wallet, till.kind, till.credits, till.credited, till.refunds, till.refunded, till.ledger],
      ['bkash', 'credential', 2, '300.05', 1, '120.50', '179.55']);
    await day.agrees();
    await day.agrees(['--wallet', 'nagad']);
    await day.agrees([], '2020-01-01');
  });

  it('what one of both lacks, or has otherwise, is named with its TrxID', async () => {
    const now = lines[0][2];
    const one = async (changed, check, part) => {
      const report = await against(changed);
      assert.deepEqual(checks(report), [check]);
      for (const [key, value] of Object.entries(part)) {
        assert.equal(report.differences[0][key], value, key);
      }
    };
    await one(without(0), 'not-at-wallet', { object: 'credit', trx_id: lines[0][0], ours: '300.00', wallets: null });
    await one([...lines, ['DG25AAAAAA', '77.00', now]], 'money-without-payment', { object: 'line', id: 5, trx_id: 'DG25AAAAAA', wallets: '77.00' });
    await one([[lines[0][0], '299.99', now], ...without(0)], 'amount-differs', { trx_id: lines[0][0], ours: '300.00', wallets: '299.99' });
    await one(without(2), 'refund-not-at-wallet', { object: 'refund', trx_id: lines[2][0], ours: '-120.50' });
    await one([...without(2), [lines[2][0], '-120.00', now]], 'refund-differs', { ours: '-120.50', wallets: '-120.00' });
    await one([...lines, ['DG25BBBBBB', '-5000.00', now]], 'money-went-out', { trx_id: 'DG25BBBBBB', wallets: '-5000.00' });
    // of another day: there to be found, not to be judged
    const old = [['DG25CCCCCC', '9.00', '2020-01-01 00:00'], [lines[0][0], '300.00', '2020-01-01 23:59:59'], ...without(0)];
    assert.deepEqual(checks(await against(old)), []);
    const { stdout } = await day.run([...own, '--statement', statement(without(0))]);
    assert.match(stdout, /does NOT agree: 1 difference, above/);
  });

  it('a statement that is not as it must be is refused by line and column', async () => {
    const now = lines[0][2];
    const refused = async (file, text, more = own) => {
      const { code, stderr } = await day.run([...more, '--statement', file]);
      assert.equal(code, 2);
      assert.match(stderr, text);
    };
    await refused(statement([], 'TrxID,Amount,Time'), /line 1, columns: the first line must be trx_id,amount,time/);
    await refused(statement([lines[0], ['DG25AAAAAA', '1,350.50', now]]), /line 3, columns: must be three/);
    await refused(statement([['DG25AAAAAA', '5.00']]), /line 2, columns/);
    await refused(statement([['', '5.00', now]]), /line 2, trx_id/);
    await refused(statement([['DG25-AAAAA', '5.00', now]]), /line 2, trx_id/);
    await refused(statement([['A'.repeat(33), '5.00', now]]), /line 2, trx_id/);
    for (const amount of ['', '0.00', '1.005', '+5', '--5', '1e3', 'five', '৫']) {
      await refused(statement([['DG25AAAAAA', amount, now]]), /line 2, amount/);
    }
    for (const time of ['', '2026-11-23', '2026-02-30 10:00', '2026-11-23 24:00', '2026-11-23T10:00:00', '23/11/2026 10:00', '2026-11-23 10:00:0']) {
      await refused(statement([['DG25AAAAAA', '5.00', time]]), /line 2, time/);
    }
    await refused(statement([...lines, [lines[0][0].toLowerCase(), '1.00', now]]), /line 5, trx_id: it is in line 2 already/);
    await refused(statement([['A'.repeat(300), '1', now]]), /line 2, columns: the line is too long/);
    await refused(path.join(dir, 'none.csv'), /can't be opened/);
    await refused(statement(lines), /say whose it is/, []);
    // as spreadsheets write it
    const crlf = path.join(dir, 'crlf.csv');
    fs.writeFileSync(crlf, `\ufefftrx_id,amount,time\r\n${lines.map((l) => l.join(',')).join('\r\n')}`);
    await day.agrees([...own, '--statement', crlf]);
  });

  it('what the wallet tells by itself is compared, from its subscription on', async () => {
    await w.cli.json(['topic', 'add', '--credential', w.credential.id, '--arn', TOPIC]);
    assert.equal((await tell({ type: 'SubscriptionConfirmation' })).status, 200);
    await day.agrees();
    const payment = await w.create({ amount: '61.00' });
    const { paymentID } = await w.pay(payment);
    const trxId = (await w.show(payment)).credits[0].trx_id;
    let report = await day.report();
    assert.deepEqual(checks(report), ['not-told']);
    assert.equal(report.differences[0].trx_id, trxId);
    lines.push([trxId, '61.00', stamp(await w.clock.now())]);
    assert.deepEqual(checks(await against(lines)), []); // the statement has it: only the message was lost
    await tell({ payment_id: paymentID });
    report = await day.agrees();
    assert.deepEqual([report.tills[0].told, report.tills[0].told_sum], [1, '61.00']);
    // paid past us, by a QR code at the till
    const bare = { trxID: 'QR00000002', transactionStatus: 'Completed', transactionType: '10003126', amount: '5', currency: 'BDT' };
    await tell({ message: JSON.stringify(bare) });
    await tell({ message: '{"of":"nothing"}' });
    report = await day.report();
    assert.deepEqual(checks(report), ['money-without-payment', 'notice-open']);
    const [money] = named(report, 'money-without-payment');
    assert.deepEqual([money.object, money.trx_id, money.wallets], ['notice', 'QR00000002', '5.00']);
    for (const d of report.differences) {
      await w.cli.json(['notice', 'close', d.id, '--reason', 'looked at']);
    }
    await day.agrees();
  });

  it('what is uncertain or under way is named until it is settled', async () => {
    const lost = await w.create({ amount: '62.00' });
    const { paymentID } = await w.begin(lost);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(lost, await w.sim.approve(paymentID));
    await w.attempt(lost, 'unknown');
    let report = await day.report();
    assert.deepEqual(named(report, 'attempt-unknown').map((d) => [d.object, d.id, d.ours]), [['payment', lost.id, '62.00']]);
    const { paymentID: back } = await w.pay(await w.create({ amount: '63.00' }));
    const [shown] = (await w.cli.json(['credit', 'list'])).credits.slice(-1);
    await w.sim.fault('refund', 'drop_after_commit', { payment_id: back });
    await w.cli.json(['refund', shown.payment, '--reason', 'returned']);
    await w.until({ id: shown.payment }, 'a refund without an answer', (p) => p.refunds.at(-1)?.state === 'unknown');
    report = await day.report();
    assert.deepEqual(named(report, 'refund-open').map((d) => d.ours), ['-63.00']);
    await w.clock.advance(35);
    await w.state(lost, 'paid');
    await w.until({ id: shown.payment }, 'a refund', (p) => p.refunds.at(-1)?.state === 'done');
    report = await day.report();
    assert.deepEqual([named(report, 'attempt-unknown'), named(report, 'refund-open')], [[], []]);
    await w.audit();
  });
});

suite('a day of numbers', {}, (w) => {
  const day = reconciler(w);
  let nagad, trx = 0;
  const next = () => `75HK${String(trx += 1).padStart(4, '0')}`;
  const type = async (payment, trxId) => {
    const answer = await w.payer(payment).press('trx-send', { extra: [['trx_id', trxId], ['payer', PAYERS.nagad]] });
    assert.equal(answer.status, 303, answer.text);
  };
  const paid = async (amount) => {
    const payment = await w.create({ customer_code: 'nagad', amount: `${amount}.00` }), id = next();
    await nagad.tell(amount, id);
    await type(payment, id);
    assert.equal((await w.status(payment)).payment_status, 'paid');
    return id;
  };
  before(async () => {
    await wholeDay();
    nagad = await addNumber(w, 'nagad', '01811111112');
    await nagad.alive();
  });

  it('a right day agrees: SMS, credits and balances', async () => {
    await paid(500);
    await paid(250);
    const report = await day.agrees();
    const [till] = report.tills;
    assert.deepEqual([till.kind, till.name, till.credited, till.ledger, till.told_sum, till.balance_start, till.balance_end],
      ['number', '01811111112', '750.00', '750.00', '750.00', '1000.00', '1750.00']);
  });

  it('money that nobody claimed is named until a person marks it', async () => {
    const id = next();
    await nagad.tell(40, id);
    const report = await day.report();
    assert.deepEqual(report.differences.map((d) => [d.check, d.trx_id, d.wallets]), [['received-unattached', id, '40.00']]);
    await w.cli.json(['received', 'mark', report.differences[0].id, '--reason', 'the owner']);
    await day.agrees();
  });

  it('money that came in for a payment that ended is named', async () => {
    const payment = await w.create({ customer_code: 'nagad', amount: '500.00' }), id = next();
    await nagad.tell(200, id);
    await type(payment, id);
    await w.payer(payment).press('cancel');
    const report = await day.report();
    assert.deepEqual(report.differences.map((d) => [d.check, d.trx_id, d.ours]), [['credit-unattached', id, '200.00']]);
    await w.cli.json(['credit', 'mark', report.differences[0].id, '--reason', 'given back by hand']);
    await day.agrees();
  });

  it('money that goes back by hand is named while it is open, and is a line of the statement then', async () => {
    const payment = await w.create({ customer_code: 'nagad', amount: '100.00' }), id = next(), back = next();
    await nagad.tell(100, id);
    await type(payment, id);
    const as = (person, ...args) => w.cli.json(['refund', ...args, '--reason', 'returned'], { env: { SUDO_USER: person } });
    const { id: refund } = await as('one', payment.id, '--amount', '60.00');
    assert.deepEqual((await day.report()).differences.map((d) => [d.check, d.ours]), [['refund-open', '-60.00']]);
    await as('two', 'settle', refund, '--done', '--trx-id', back);
    await day.agrees();
    const now = stamp(Date.now());
    const rows = (await w.cli.json(['credit', 'list'])).credits.map((c) => [c.trx_id, c.amount, now]);
    const look = (lines) => day.report(['--number', nagad.id, '--statement', statement([...rows, ['75HK0003', '40.00', now], ...lines])]);
    assert.deepEqual(checks(await look([[back, '-60.00', now]])).filter((check) => /refund|went-out/.test(check)), []);
    assert.deepEqual(named(await look([[back, '-50.00', now]]), 'refund-differs').map((d) => [d.ours, d.wallets]), [['-60.00', '-50.00']]);
    assert.deepEqual(named(await look([]), 'refund-not-at-wallet').map((d) => d.trx_id), [back]);
  });

  it('S13 what breaks the chain of balances is named, and so is what moved unseen', async () => {
    await w.cli.json(['number', 'balance', nagad.id, '--balance', '2790.00', '--reason', 'paid in']);
    nagad.setBalance(2790);
    await paid(10);
    let report = await day.report();
    assert.deepEqual(report.differences.map((d) => [d.check, d.wallets]), [['balance-gap', '2790.00']]);
    // a forged one
    nagad.setBalance(90000);
    await nagad.report(500, next());
    report = await day.report();
    assert.deepEqual(checks(report), ['balance-gap', 'received-unattached', 'sms-open']);
  });

  it('a forged SMS is not in the statement', async () => {
    const now = stamp(Date.now());
    const rows = (await w.cli.json(['credit', 'list'])).credits.map((c) => [c.trx_id, c.amount, now]);
    const forged = (await w.cli.json(['received', 'list'])).received.find((r) => r.state === 'review');
    const marked = ['75HK0003', '40.00', now];
    const look = (lines) => day.report(['--number', nagad.id, '--statement', statement(lines)]);
    assert.deepEqual(named(await look([...rows, marked]), 'not-at-wallet').map((d) => d.trx_id), [forged.trx_id]);
    const report = await look([...rows, marked, [forged.trx_id, '5000.00', now]]);
    assert.deepEqual(named(report, 'amount-differs').map((d) => [d.ours, d.wallets]), [['500.00', '5000.00']]);
    assert.deepEqual(named(report, 'not-at-wallet'), []);
  });
});

// What no honest run of the programs leaves: rows that somebody or something changed. Planted in a copy of the store, one after the other.
suite('a day whose rows were changed', {
  endpoint: false,
  simArgs: ['--sns-listen', `127.0.0.1:${freshPort}`, '--sns-certificate', sns.cert, '--sns-key', sns.key],
  config: { sandbox: { sandbox: 'yes', sns_url: `https://127.0.0.1:${freshPort}`, sns_ca_file: sns.cert }, wallet: { timeout_ms: 5000 } },
}, (w) => {
  let date, number, byNumber, byPage, trxId;
  before(async () => {
    await wholeDay();
    date = stamp(await w.clock.now()).slice(0, 10);
    number = await addNumber(w, 'nagad', '01811111113');
    await number.alive();
    await w.cli.json(['topic', 'add', '--credential', w.credential.id, '--arn', TOPIC]);
    const tell = (what) => w.sim.control('POST', 'sns', { url: `${w.payUrl}/webhook/bkash`, ...what });
    await tell({ type: 'SubscriptionConfirmation' });
    byPage = await w.create({ amount: '61.00' });
    const { paymentID } = await w.pay(byPage);
    await tell({ payment_id: paymentID });
    byNumber = await w.create({ customer_code: 'nagad', amount: '500.00' });
    trxId = '75HK0500';
    await number.tell(500, trxId);
    const answer = await w.payer(byNumber).press('trx-send', { extra: [['trx_id', trxId], ['payer', PAYERS.nagad]] });
    assert.equal(answer.status, 303, answer.text);
    assert.equal((await w.status(byNumber)).payment_status, 'paid');
  });
  /** The report of a copy in which the statements were run. */
  const planted = async (...statements) => {
    const place = fs.mkdtempSync(path.join(dir, 'planted-'));
    const store = await storeCopy(w.cli.store, place);
    const config = path.join(w.dir, 'planted.conf');
    fs.writeFileSync(config, fs.readFileSync(w.cli.config));
    configSet(config, { store: { path: store } });
    for (const text of statements) {
      await sqlRun(store, text);
    }
    const { code, stdout, stderr } = await w.cli.try(['reconcile', '--config', config, '--date', date, '--json']);
    await storeRemove(store);
    assert.ok(stdout, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual([code, report.ok], report.difference_count ? [1, false] : [0, true]);
    return report.differences;
  };
  const told = (differences) => differences.map((d) => [d.check, d.object, d.ours, d.wallets]);

  it('untouched it agrees', async () => {
    assert.deepEqual(await planted(), []);
  });

  it('a posting or a credit of another amount: the ledger\u2019s day is not credits minus refunds', async () => {
    const held = `(SELECT id FROM ledger_account WHERE kind = 'wallet_clearing' AND owner = ${w.credential.id})`;
    const free = onPostgres ? 'ALTER TABLE posting DISABLE TRIGGER ALL' : 'DROP TRIGGER posting_update';
    assert.deepEqual(told(await planted(free, `UPDATE posting SET amount = amount + 1 WHERE ledger_account_id = ${held}`)),
      [['ledger-differs', 'credential', '61.01', '61.00']]);
    const differences = await planted(free, `UPDATE credit SET amount = 60000 WHERE trx_id = '${trxId}'`);
    assert.deepEqual(told(differences).sort(), [['amount-differs', 'sms', '600.00', '500.00'], ['ledger-differs', 'number', '500.00', '600.00']]);
    assert.equal(differences.find((d) => d.check === 'ledger-differs').id, number.id);
  });

  it('a notice that tells of another amount than was counted', async () => {
    const [d, ...more] = await planted('UPDATE wallet_notice SET amount = 6200');
    assert.deepEqual([told([d]), more], [[['amount-differs', 'notice', '61.00', '62.00']], []]);
    assert.ok(d.trx_id);
  });

  it('an SMS of another amount than its money\u2019s row, and one whose row is gone', async () => {
    assert.deepEqual(told(await planted('UPDATE number_credit SET amount = 40000')), [['amount-differs', 'sms', '400.00', '500.00']]);
    const [d, ...more] = await planted('DELETE FROM number_credit');
    assert.deepEqual([told([d]), d.trx_id, more], [[['sms-without-money', 'sms', null, '500.00']], trxId, []]);
  });

  it('money that a payment claimed, and nothing was counted', async () => {
    const differences = await planted(`UPDATE credit SET trx_id = '75HK9999' WHERE trx_id = '${trxId}'`);
    assert.deepEqual(told(differences), [['claim-without-credit', 'sms', null, '500.00']]);
    assert.equal(differences[0].trx_id, trxId);
  });

  it('more SMS than one look holds: the balances are not checked, and it says so', async () => {
    const columns = 'device_id, number_id, sender, body, kind, why, trx_id, reported_by, happened_at, seen_at';
    const bytes = onPostgres ? "convert_to(lpad(n::text, 32, '0'), 'UTF8')" : "CAST(printf('%032d', n) AS BLOB)";
    const fill = `WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 100001)
      INSERT INTO sms (id, digest, state, ${columns}) SELECT 900000000 + n, ${bytes}, 'looked_at', ${columns} FROM sms CROSS JOIN k
      WHERE sms.trx_id = '${trxId}'`;
    const differences = await planted(fill);
    assert.deepEqual(told(differences), [['balances-unchecked', 'sms', null, null]]);
  });
});

suite('a day of Rocket', { endpoint: false, config: { rocket: { close_day: 'yes', close_hour: 23 } } }, (w) => {
  const rocket = new Rocket(w), day = reconciler(w);
  const closes = async () => (await rocket.sim.control('GET', 'rocket/payments')).closes;
  /** To that hour and minute of the Dhaka day, or of the next. */
  const to = async (hour, minute) => {
    const now = await w.clock.now(), DAY = 86400000;
    const left = (((hour - 6) * 60 + minute) * 60000 - (now % DAY) + 2 * DAY) % DAY;
    await rocket.advance(Math.ceil(left / 1000));
  };
  const paid = async (amount) => {
    const payment = await rocket.create({ amount });
    const { transId } = await rocket.begin(payment);
    await rocket.act(transId, 'approve');
    await rocket.comeBack(payment, transId);
    await payment.payer.reaches('paid');
  };
  const closed = (state) => until(async () => {
    const { tills } = await day.report();
    return tills[0]?.bank_day === state && tills[0];
  }, { what: `a day that is ${state}` });
  before(async () => {
    await rocket.start();
    await to(22, 30);
  });

  it('the bank is told to close it once, from the hour on, and its counters are kept', async () => {
    await paid('250.00');
    const { tills } = await day.agrees();
    assert.deepEqual([tills[0].bank_day, await closes()], [null, 0]);
    await to(23, 1);
    const till = await closed('done');
    assert.match(till.bank_said, /^RESULT: OK; RESULT_CODE: 500; FLD_075: 1; FLD_087: 25000$/);
    await day.agrees();
    await w.kill9();
    await w.startKassad();
    await to(23, 30);
    await paid('1.00');
    assert.equal(await closes(), 1);
  });

  it('a lost answer is unknown, is named, and nothing is sent again that day', async () => {
    await to(22, 30);
    await paid('251.00');
    await rocket.fault('b', 'drop_after_commit');
    await to(23, 1);
    await closed('unknown');
    const report = await day.report();
    assert.deepEqual(report.differences.map((d) => [d.check, d.id]), [['day-not-closed', rocket.credential.id]]);
    await to(23, 30);
    await paid('2.00');
    assert.equal(await closes(), 2);
  });

  it('a refusal is kept in the bank\u2019s words; without money of that day it is no difference', async () => {
    await to(22, 30);
    await rocket.fault('b', 'empty');
    await to(23, 1);
    await closed('unknown');
    await day.agrees();
  });

  it('the end of the client certificate is shown, and an alarm beforehand is raised once a day', async () => {
    const alarms = () => w.kassadLog().split('\n').filter((line) => line.includes('wallet_certificate_ends')).length;
    const [mine] = (await w.cli.json(['wallet', 'list'])).credentials.filter((c) => c.wallet === 'rocket');
    const left = Date.parse(mine.certificate_ends_at) - Date.now();
    assert.ok(left > 86400000 && left < 2 * 86400000, mine.certificate_ends_at);
    await until(async () => await w.metric('kassa_wallet_certificates_ending') === 1, { what: 'the figure' });
    const before = alarms();
    assert.ok(before >= 1);
    await to(1, 0); // the next day
    await until(() => alarms() === before + 1, { what: 'the next alarm' });
  });
});
