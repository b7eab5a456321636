// bKash's webhook: what the simulator's SNS posts, and what else anybody may post there.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { parallel } from './lib/expect.mjs';
import { suite } from './lib/harness.mjs';
import { request } from './lib/http.mjs';
import { freePort, run, until } from './lib/process.mjs';

const TOPIC = 'arn:aws:sns:ap-southeast-1:354285753755:bpt_kassa';

// SNS's certificate, its own CA; and another one, whom nobody knows
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-sns-'));
after(() => fs.rmSync(dir, { recursive: true, force: true }));
async function certificate(name) {
  const key = path.join(dir, `${name}.key`);
  const cert = path.join(dir, `${name}.pem`);
  const made = await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=sns.amazonaws.com', '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:sns.amazonaws.com', '-keyout', key, '-out', cert]);
  assert.equal(made.code, 0, made.stderr);
  return { key, cert };
}
const sns = await certificate('sns');
const stranger = await certificate('stranger');
const snsPort = await freePort();
const snsUrl = `https://127.0.0.1:${snsPort}`;

suite('bKash tells by its webhook', {
  endpoint: false,
  notifyMode: 'POST_JSON',
  simArgs: ['--sns-listen', `127.0.0.1:${snsPort}`, '--sns-certificate', sns.cert, '--sns-key', sns.key],
  config: { sandbox: { sandbox: 'yes', sns_url: snsUrl, sns_ca_file: sns.cert }, wallet: { timeout_ms: 20000 } },
}, (w) => {
  const hook = () => `${w.payUrl}/webhook/bkash`;
  const tell = (what) => w.sim.control('POST', 'sns', { url: hook(), ...what });
  const notices = async (more = []) => (await w.cli.json(['notice', 'list', ...more])).notices;
  const noticeOf = async (messageId) => (await notices()).find((n) => n.message_id === messageId);
  const taken = async (what, verdict) => {
    const { status, message_id: id } = await tell(what);
    assert.equal(status, 200);
    const notice = await noticeOf(id);
    assert.equal(notice?.verdict, verdict);
    return notice;
  };
  const refused = async (what, status = 403) => {
    const before = (await notices()).length;
    assert.equal((await tell(what)).status, status);
    assert.equal((await notices()).length, before, 'nothing is stored');
  };

  it('B14 nothing is believed before its topic is pinned', async () => {
    await refused({ message: '{}' });
    const bad = await w.cli.try(['topic', 'add', '--config', w.cli.config, '--credential', w.credential.id, '--arn', 'arn:aws:sqs:a:1:b']);
    assert.equal(bad.code, 2);
    await w.cli.json(['topic', 'add', '--credential', w.credential.id, '--arn', TOPIC]);
    const twice = await w.cli.try(['topic', 'add', '--config', w.cli.config, '--credential', w.credential.id, '--arn', TOPIC]);
    assert.equal(twice.code, 1);
  });

  it('B14 a subscription is confirmed for the pinned topic alone, and at SNS alone', async () => {
    const confirmation = { type: 'SubscriptionConfirmation' };
    await refused({ ...confirmation, topic: `${TOPIC}x` });
    await refused({ ...confirmation, subscribe_url: `${w.receiver.url}/?Action=ConfirmSubscription&TopicArn=${TOPIC}` });
    await refused({ ...confirmation, subscribe_url: `${snsUrl}/?Action=ConfirmSubscription&TopicArn=${TOPIC}x` });
    await refused({ ...confirmation, bad_signature: true });
    assert.equal((await w.sim.control('GET', 'sns')).confirmations, 0);
    assert.equal((await w.cli.json(['topic', 'list'])).topics[0].confirmed_at, null);
    assert.equal((await tell(confirmation)).status, 200);
    const seen = await w.sim.control('GET', 'sns');
    assert.deepEqual([seen.confirmations, seen.confirmed], [1, TOPIC]);
    assert.notEqual((await w.cli.json(['topic', 'list'])).topics[0].confirmed_at, null);
  });

  it('B14 bad signatures, foreign topics and foreign certificate hosts are refused', async () => {
    const payment = await w.create();
    const { paymentID } = await w.pay(payment);
    const about = { payment_id: paymentID };
    await refused({ ...about, bad_signature: true });
    await refused({ ...about, bad_signature: true, version: 2 });
    await refused({ ...about, topic: 'arn:aws:sns:ap-southeast-1:111111111111:bpt_kassa' });
    for (const url of [`${w.receiver.url}/a.pem`, `https://127.0.0.1.evil.example:${snsPort}/a.pem`, `https://127.0.0.1:${snsPort}@evil.example/a.pem`,
      `https://x@127.0.0.1:${snsPort}/a.pem`, `${snsUrl}/x/../a.pem`, `${snsUrl}/a.pem?x`, 'https://sns.ap-southeast-1.amazonaws.com/a.pem',
      `http://127.0.0.1:${snsPort}/SimpleNotificationService-0123456789abcdef.pem`]) {
      await refused({ ...about, cert_url: url });
    }
    await refused({ ...about, cert_url: `${snsUrl}/none.pem` });
    assert.equal(w.receiver.of('/a.pem').length, 0, 'nobody else was asked');
  });

  it('B14 both signature versions are good, and checked by a second implementation', async () => {
    const payment = await w.create();
    const { paymentID } = await w.pay(payment);
    for (const version of [1, 2]) {
      await taken({ payment_id: paymentID, version }, 'known');
      await taken({ payment_id: paymentID, version, subject: 'with a subject' }, 'known');
    }
    // a message that Node signs, and what is told of it as another version than it is
    const post = async (SignatureVersion, digest, key = sns.key) => {
      const m = { Message: '{"of":"nothing"}', MessageId: crypto.randomUUID(), Timestamp: '2026-11-24T08:00:00.000Z', TopicArn: TOPIC, Type: 'Notification' };
      const text = Object.entries(m).map(([k, v]) => `${k}\n${v}\n`).join('');
      const Signature = crypto.sign(digest, Buffer.from(text), fs.readFileSync(key)).toString('base64');
      return request('POST', hook(), { headers: { 'Content-Type': 'text/plain; charset=UTF-8' },
        body: JSON.stringify({ ...m, SignatureVersion, Signature, SigningCertURL: `${snsUrl}/SimpleNotificationService-0123456789abcdef.pem` }) });
    };
    assert.equal((await post('1', 'sha1')).status, 200);
    assert.equal((await post('2', 'sha256')).status, 200);
    assert.equal((await post('1', 'sha256')).status, 403);
    assert.equal((await post('2', 'sha1')).status, 403);
    assert.equal((await post('2', 'sha256', stranger.key)).status, 403);
    assert.equal((await notices(['--open'])).filter((n) => n.verdict === 'unreadable').length, 2);
  });

  it('B14 after our own execute it has no second effect', async () => {
    const payment = await w.create({ notification_endpoint_url: w.receiver.on('/after', {}) });
    const { paymentID } = await w.pay(payment);
    const before = await w.show(payment);
    await taken({ payment_id: paymentID }, 'known');
    const now = await w.show(payment);
    assert.deepEqual([now.state, now.credits, now.postings], ['paid', before.credits, before.postings]);
    assert.equal((await w.receiver.wait('/after', 1)).length, 1);
    const { executes, queries } = await w.sim.payment(paymentID);
    assert.deepEqual([executes, queries], [1, 0], 'B12 a good execute is not queried');
    await w.audit();
  });

  it('B14 before our own execute it does not disturb the payer', async () => {
    const payment = await w.create({ amount: '41.00' });
    const { paymentID } = await w.begin(payment);
    const callback = await w.sim.approve(paymentID);
    const notice = await taken({ payment_id: paymentID, trx_id: 'EARLY00001' }, 'early');
    assert.equal(notice.payment, payment.id);
    const waiting = await w.show(payment);
    assert.deepEqual([waiting.state, waiting.credits.length], ['open', 0], 'it is not paid by a notification');
    assert.deepEqual((await w.sim.payment(paymentID)).queries, 0);
    await w.follow(payment, callback);
    await payment.payer.reaches('paid');
    const { executes, queries } = await w.sim.payment(paymentID);
    assert.deepEqual([executes, queries], [1, 0]);
    await w.audit();
  });

  it('B14 while the execute has no answer it brings the query forward', async () => {
    const payment = await w.create({ amount: '42.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    assert.equal((await w.sim.payment(paymentID)).queries, 0, 'the query waits for its half minute');
    await taken({ payment_id: paymentID }, 'asked');
    await w.state(payment, 'paid'); // without the clock having moved
    const { executes, queries } = await w.sim.payment(paymentID);
    assert.deepEqual([executes, queries], [1, 1]);
    assert.equal((await w.show(payment)).credits.length, 1);
    await w.audit();
  });

  it('B14 T31 the same message again, and many at once, is 200 with one effect', async () => {
    const payment = await w.create({ amount: '43.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    const about = { payment_id: paymentID, message_id: crypto.randomUUID() };
    const answers = await Promise.all(Array.from({ length: 16 }, () => tell(about)));
    assert.ok(answers.every((a) => a.status === 200), JSON.stringify(answers));
    await w.state(payment, 'paid');
    assert.equal((await tell(about)).status, 200);
    assert.equal((await notices()).filter((n) => n.message_id === about.message_id).length, 1);
    const shown = await w.show(payment);
    assert.equal(shown.credits.length, 1);
    assert.equal(shown.events.filter((e) => e.event === 'wallet_notice').length, 1);
    assert.equal((await w.sim.payment(paymentID)).queries, 1);
    assert.ok(await w.metric('kassa_wallet_notices_again_total') >= 16);
    await w.audit();
  });

  it('T38 what was answered with 200 is there after a crash, and is acted upon', async () => {
    const payment = await w.create({ amount: '46.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    const { status, message_id: id } = await tell({ payment_id: paymentID });
    await w.kill9();
    assert.equal(status, 200);
    assert.ok(await noticeOf(id), 'it is there while kassad is not');
    await w.startKassad();
    await w.clock.advance(120); // of a query whose answer died with it, if there was one
    await w.state(payment, 'paid');
    assert.equal((await tell({ payment_id: paymentID, message_id: id })).status, 200);
    const shown = await w.show(payment);
    assert.equal(shown.credits.length, 1);
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
    await w.audit();
  });

  it('T20 another amount moves nothing and is kept for a person', async () => {
    const payment = await w.create({ amount: '44.00' });
    const { paymentID } = await w.pay(payment);
    const notice = await taken({ payment_id: paymentID, amount: '4400.00' }, 'differs');
    assert.equal((await w.status(payment)).payment_amount, '44.00');
    assert.match(w.kassadLog(), /wallet_notice_needs_a_person.*counted_with_another_amount/);
    await w.cli.json(['notice', 'close', notice.id, '--reason', 'told bKash']);
    assert.ok(!(await notices(['--open'])).some((n) => n.id === notice.id));
    await w.audit();
  });

  it('T32 money for no payment of ours is 200 and stored', async () => {
    const payment = await w.create();
    const { paymentID } = await w.pay(payment);
    const credits = (await w.cli.json(['credit', 'list'])).credits.length;
    const notice = await taken({ payment_id: paymentID, trx_id: 'QR00000001', invoice: 'of-somebody-else' }, 'elsewhere');
    assert.equal(notice.payment, null);
    const bare = JSON.stringify({ trxID: 'QR00000002', transactionStatus: 'Completed', transactionType: '10003126', amount: '5', currency: 'BDT' });
    await taken({ message: bare }, 'elsewhere');
    assert.equal((await w.cli.json(['credit', 'list'])).credits.length, credits, 'no money of ours');
    await w.audit();
  });

  it('T26 it finds money of a payment that ended: the wallet is asked, and the money is late', async () => {
    const payment = await w.create({ amount: '45.00' });
    const { paymentID } = await w.begin(payment);
    await w.sim.fault('execute', 'drop_after_commit', { payment_id: paymentID });
    await w.sim.fault('query', 'html', { payment_id: paymentID, count: 1 });
    await w.follow(payment, await w.sim.approve(paymentID));
    await w.attempt(payment, 'unknown');
    await w.settle(payment, ['--not-paid', '--reason', 'not in the statement']);
    await payment.payer.press('cancel');
    await payment.payer.reaches('cancelled');
    const { message_id: id } = await taken({ payment_id: paymentID }, 'asked');
    const unclear = await w.until(payment, 'a query whose answer says nothing', (p) => p.events.some((e) => e.event === 'query_answer'));
    assert.equal(unclear.credits.length, 0);
    await w.clock.advance(130); // it is judged again until somebody knows
    const late = await w.until(payment, 'its credit', (p) => p.credits.length === 1);
    await w.clock.advance(3600);
    await until(async () => (await noticeOf(id)).verdict === 'known', { what: 'the notice of money that is known' });
    assert.deepEqual([late.state, late.credits[0].attached, late.credits[0].amount], ['cancelled', false, '45.00']);
    assert.equal((await w.sim.payment(paymentID)).executes, 1);
    await w.audit();
  });

  it('what is no envelope is 400, too large 413, and not asked for 404 or 405', async () => {
    const post = (body) => request('POST', hook(), { body });
    for (const body of ['', '{}', '[]', 'x', '{"Type":"Notification"}', JSON.stringify({ Type: 'Notification', TopicArn: TOPIC })]) {
      assert.equal((await post(body)).status, 400, body);
    }
    assert.equal((await post(' '.repeat(256 * 1024 + 1))).status, 413);
    assert.equal((await request('GET', hook())).status, 405);
    assert.equal((await request('POST', `${w.payUrl}/webhook/rocket`, { body: '{}' })).status, 404);
  });

  it('who stops the sending is told of, and a removed topic is not believed any more', async () => {
    assert.equal((await tell({ type: 'UnsubscribeConfirmation' })).status, 200);
    const { topics: [topic] } = await w.cli.json(['topic', 'list']);
    assert.equal(topic.confirmed_at, null);
    assert.equal((await w.sim.control('GET', 'sns')).confirmations, 1, 'nobody subscribes again by itself');
    assert.match(w.kassadLog(), /wallet_topic_unsubscribed/);
    await w.cli.json(['topic', 'remove', topic.id]);
    await refused({ message: '{}' });
  });
});

suite('the webhook without its certificate', {
  endpoint: false,
  simArgs: ['--sns-listen', `127.0.0.1:${snsPort}`, '--sns-certificate', sns.cert, '--sns-key', sns.key],
  config: { sandbox: { sandbox: 'yes', sns_url: snsUrl, sns_ca_file: stranger.cert }, limits: { unknown_pages_per_minute: 5 } },
}, (w) => {
  const tell = (what) => w.sim.control('POST', 'sns', { url: `${w.payUrl}/webhook/bkash`, message: '{}', ...what });

  it('B14 a certificate host whose chain is not trusted is not believed, and SNS is to send again', async () => {
    await w.cli.json(['topic', 'add', '--credential', w.credential.id, '--arn', TOPIC]);
    assert.equal((await tell({})).status, 503);
    assert.equal((await w.cli.json(['notice', 'list'])).notices.length, 0);
    assert.match(w.kassadLog(), /sns_certificate_not_fetched.*tls/);
  });

  it('T32 refused ones of one address are limited', async () => {
    const seen = [];
    for (let i = 0; i < 8; i++) {
      seen.push((await tell({ topic: `${TOPIC}x` })).status);
    }
    assert.deepEqual(seen, [403, 403, 403, 403, 403, 429, 429, 429]);
  });

  it('T32 they are all counted, and fill no log', async () => {
    const before = await w.metric('kassa_wallet_notices_refused_total');
    const body = JSON.stringify({ Type: 'Notification', MessageId: 'm', TopicArn: `${TOPIC}x`, Message: 'x', Timestamp: 't', SignatureVersion: '1',
      Signature: 'c2ln', SigningCertURL: `${snsUrl}/a.pem` });
    const answers = await parallel(Array.from({ length: 200 }), () => request('POST', `${w.payUrl}/webhook/bkash`, { body }));
    assert.ok(answers.every((a) => a.status === 429));
    assert.equal(await w.metric('kassa_wallet_notices_refused_total') - before, 200);
    const lines = w.kassadLog().match(/wallet_notice_refused/g).length;
    assert.ok(lines >= 8 && lines <= 130, `${lines} lines`); // sixty a minute, and the minute may end
  });
});

suite('the webhook while the certificate can not be had', {
  endpoint: false,
  simArgs: ['--sns-listen', `127.0.0.1:${snsPort}`, '--sns-certificate', sns.cert, '--sns-key', sns.key],
  config: { sandbox: { sandbox: 'yes', sns_url: 'https://127.0.0.1:1', sns_ca_file: sns.cert } },
}, (w) => {
  it('B14 it answers 503, so that SNS sends again, and takes it later', async () => {
    const about = { url: `${w.payUrl}/webhook/bkash`, message: '{}', message_id: crypto.randomUUID() };
    await w.cli.json(['topic', 'add', '--credential', w.credential.id, '--arn', TOPIC]);
    assert.equal((await w.sim.control('POST', 'sns', { ...about, cert_url: 'https://127.0.0.1:1/a.pem' })).status, 503);
    // nor does it refuse what SNS is too busy to show the certificate of
    const busy = https.createServer({ key: fs.readFileSync(sns.key), cert: fs.readFileSync(sns.cert) },
      (rq, rs) => rs.writeHead(429).end()).listen(0, '127.0.0.1');
    await once(busy, 'listening');
    const busyUrl = `https://127.0.0.1:${busy.address().port}`;
    await w.restartKassad({ sandbox: { sns_url: busyUrl } });
    assert.equal((await w.sim.control('POST', 'sns', { ...about, cert_url: `${busyUrl}/a.pem` })).status, 503);
    busy.close();
    await w.restartKassad({ sandbox: { sns_url: snsUrl } });
    assert.equal((await w.sim.control('POST', 'sns', about)).status, 200);
    await until(async () => (await w.cli.json(['notice', 'list'])).notices.length === 1, { what: 'the notice' });
  });
});
