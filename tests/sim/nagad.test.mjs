// Nagad's side of the simulator, checked with an independent client and with Node's own RSA.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Sim } from './start.mjs';

const MERCHANT = '683002007104225';
let sim, keys, base;
before(async () => {
  sim = await Sim.start(['--nagad-merchant', MERCHANT]);
  base = `${sim.url}/remote-payment-gateway-1.0/api/dfs`;
  const pem = (name) => readFileSync(`${sim.dir}/nagad/${name}.pem`);
  keys = { own: crypto.createPrivateKey(pem('merchant_private')), pg: crypto.createPublicKey(pem('pg_public')),
    pgPrivate: crypto.createPrivateKey(pem('pg_private')) };
});
after(() => sim.end());

async function client(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--security-revert=CVE-2023-46809',
    fileURLToPath(new URL('nagad-client.mjs', import.meta.url)), `${sim.url}/remote-payment-gateway-1.0`, sim.dir, ...args]);
  return JSON.parse(stdout.trim().split('\n').at(-1)); // Node says first that the switch is dangerous
}

let orders = 0;
const newOrder = () => `N${process.pid}x${++orders}`;
const dhaka = (ms = Date.now()) => new Date(ms + 6 * 3600e3).toISOString().replace(/\D/g, '').slice(0, 14);
const headers = { 'Content-Type': 'application/json', 'X-KM-Api-Version': 'v-0.2.0', 'X-KM-IP-V4': '203.0.113.7',
  'X-KM-Client-Type': 'PC_WEB' };

function sealed(plain, { key = keys.pg, digest = 'sha256', signed } = {}) {
  const text = JSON.stringify(plain);
  return {
    sensitiveData: crypto.publicEncrypt({ key, padding: crypto.constants.RSA_PKCS1_PADDING }, Buffer.from(text)).toString('base64'),
    signature: crypto.sign(digest, Buffer.from(signed ?? text), keys.own).toString('base64'),
  };
}

// Textbook RSA with the private numbers: PKCS#1 v1.5 padding is taken away by hand, as Node would refuse to.
function opened(data) {
  const block = crypto.privateDecrypt({ key: keys.own, padding: crypto.constants.RSA_NO_PADDING }, Buffer.from(data, 'base64'));
  assert.equal(block.readUInt16BE(0), 2);
  return block.subarray(block.indexOf(0, 2) + 1);
}

async function post(path, body, more = {}) {
  const answer = await fetch(`${base}/${path}`, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
}

function initialize(order, { plain = {}, seal, outer = {}, more } = {}) {
  const datetime = dhaka();
  return post(`check-out/initialize/${MERCHANT}/${order}`, { dateTime: plain.datetime ?? datetime,
    ...sealed({ merchantId: MERCHANT, datetime, orderId: order, challenge: crypto.randomBytes(20).toString('hex'), ...plain }, seal),
    ...outer }, more);
}

async function initialized(order = newOrder()) {
  const { body } = await initialize(order);
  const text = opened(body.sensitiveData);
  assert.ok(crypto.verify('sha256', text, keys.pg, Buffer.from(body.signature, 'base64')), 'signed by Nagad over the plain bytes');
  return { order, ...JSON.parse(text) };
}

const complete = (p, plain = {}) => post(`check-out/complete/${p.paymentReferenceId}`, {
  ...sealed({ merchantId: MERCHANT, orderId: p.order, currencyCode: '050', amount: '120.50', challenge: p.challenge, ...plain }),
  merchantCallbackURL: 'http://127.0.0.1:1/callback?x=1' });
const verify = async (ref) => (await fetch(`${base}/verify/payment/${ref}`)).json();
const act = (ref, action) => sim.control('POST', `/nagad/payments/${encodeURIComponent(ref)}`, { action });
async function placed() {
  const p = await initialized();
  const { body } = await complete(p);
  assert.equal(body.status, 'Success');
  return { ...p, ref: p.paymentReferenceId, url: body.callBackUrl };
}

test('what is initialised and not placed yet is ready, for verify', async () => {
  const p = await initialized();
  assert.equal((await verify(p.paymentReferenceId)).status, 'Ready');
});

test('N1 the npm client takes a payment from initialize to verify', async () => {
  const order = newOrder();
  const { answer: url } = await client(order, '100.00');
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /data-testid="approve"/);
  const ref = decodeURIComponent(url.split('/').at(-1));
  assert.equal(Buffer.from(ref, 'base64').toString().split('.')[2], order);
  const { callback_url: back } = await act(ref, 'approve');
  assert.match(back, /^http:\/\/127\.0\.0\.1:1\/callback\/\?merchant=683002007104225&order_id=.*&status=Success&/);
  const { answer } = await client('verify', ref);
  assert.equal(answer.status, 'Success');
  assert.equal(answer.amount, '100');
  assert.equal(answer.orderId, order);
  assert.equal(answer.issuerPaymentRefNo, new URL(back).searchParams.get('issuer_payment_ref'));
});

test('N1 the npm client hands on what is refused', async () => {
  const order = newOrder();
  await client(order, '100.00');
  assert.equal((await client(order, '100.00')).reason ?? 'none', '16_0006_083');
  assert.equal((await client('verify', 'AAAA')).reason, '16_0006_055');
});

test('what is refused, and by which reason', async () => {
  const other = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const reason = async (answer) => {
    const { status, body } = await answer;
    assert.equal(status, 400);
    return body.reason;
  };
  const init = (options, order = newOrder()) => reason(initialize(order, options));
  assert.equal(await init({ seal: { key: other } }), '16_0006_057');
  assert.equal(await init({ seal: { signed: 'other bytes' } }), '16_0006_058');
  assert.equal(await init({ seal: { digest: 'sha1' } }), '16_0006_058', 'SHA-1 is off unless asked for');
  assert.equal(await init({ outer: { sensitiveData: '!' } }), '16_0006_069');
  assert.equal(await init({ plain: { datetime: dhaka(Date.now() - 3600e3) } }), '16_0006_076');
  assert.equal(await init({ plain: { datetime: dhaka(Date.now() + 3600e3) } }), '16_0006_076');
  assert.equal(await init({ plain: { datetime: '2026-11-24 08:30' } }), '16_0006_081');
  assert.equal(await init({ plain: { merchantId: '1' } }), '16_0006_060');
  assert.equal(await init({}, 'a-b-c-d'), '16_0006_068');
  assert.equal(await init({}, 'abc'), '16_0006_068');
  assert.equal(await init({ more: { 'X-KM-IP-V4': '' } }), '16_0006_064');
  assert.equal(await init({ more: { 'X-KM-MC-Id': '1' } }), '16_0006_004');
  assert.equal(await reason(post(`check-out/initialize/1/${newOrder()}`, {})), '16_0006_004');
  const p = await initialized();
  assert.equal(await init({}, p.order), '16_0006_083');
  assert.equal(await reason(complete(p, { currencyCode: '840' })), '16_0006_080');
  assert.equal(await reason(complete(p, { challenge: 'x' })), '16_0006_060');
  assert.equal(await reason(complete(p, { amount: '-1' })), '16_0006_060');
  await complete(p);
  assert.equal(await reason(complete(p)), '16_0006_017');
});

test('an order may be used again on the next day', async () => {
  const p = await initialized();
  assert.equal((await initialize(p.order)).body.reason, '16_0006_083');
  await sim.control('POST', '/clock', { advance_s: 86400 });
  const datetime = dhaka(Date.now() + 86400e3);
  const { status } = await post(`check-out/initialize/${MERCHANT}/${p.order}`, { dateTime: datetime,
    ...sealed({ merchantId: MERCHANT, datetime, orderId: p.order, challenge: 'abc' }) });
  assert.equal(status, 200);
  await sim.control('POST', '/reset', {});
});

test('two slashes are one', async () => {
  const p = await placed();
  assert.equal((await fetch(`${base}//verify//payment/${p.ref}`)).status, 200);
});

test('N6 the callback has "/?" even where the address has a query', async () => {
  const p = await placed();
  const { callback_url: back } = await act(p.ref, 'cancel');
  assert.match(back, /\/callback\?x=1\/\?merchant=/);
  assert.match(back, /&status=Aborted&/);
});

test('the statuses of a payment under way, and its ends', async () => {
  const p = await placed();
  for (const status of ['Ready', 'OtpSent', 'OtpVerified', 'PinGiven', 'InProgress', 'TransactionInProgress']) {
    await act(p.ref, status);
    const seen = await verify(p.ref);
    assert.equal(seen.status, status);
    assert.equal(seen.issuerPaymentRefNo, null);
  }
  assert.equal((await act(p.ref, 'leave')).callback_url, null);
  const paid = await verify(p.ref);
  assert.equal(paid.status, 'Success');
  assert.match(paid.issuerPaymentDateTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0$/);
  await assert.rejects(act(p.ref, 'cancel'), /409/);
  await act(p.ref, 'refund');
  assert.equal((await verify(p.ref)).status, 'Refunded');
  const q = await placed();
  await act(q.ref, 'decline');
  assert.equal((await verify(q.ref)).status, 'Failed');
  await assert.rejects(act(q.ref, 'approve'), /409/);
});

test('a refund is sealed both ways', async () => {
  const p = await placed();
  await act(p.ref, 'approve');
  const { sensitiveData: data, signature } = sealed({ merchantId: MERCHANT, originalRequestDate: dhaka().slice(0, 8),
    originalAmount: '120.50', cancelAmount: '20.50', referenceNo: 'R1', referenceMessage: 'back' });
  const { body } = await post(`purchase/cancel?paymentRefId=${encodeURIComponent(p.ref)}&orderId=${p.order}`,
    { sensitiveDataCancelRequest: data, signature });
  assert.equal(JSON.parse(opened(body.sensitiveData)).status, 'PartialRefunded');
  assert.equal((await verify(p.ref)).status, 'PartialRefunded');
});

test('faults', async () => {
  const fault = (op, kind, more) => sim.fault({ op: `nagad_${op}`, fault: kind, ...more });
  await fault('initialize', 'bad_signature');
  const forged = (await initialize(newOrder())).body;
  assert.ok(!crypto.verify('sha256', opened(forged.sensitiveData), keys.pg, Buffer.from(forged.signature, 'base64')));
  await fault('initialize', 'wrong_key');
  assert.equal((await initialize(newOrder())).status, 200);
  await fault('initialize', 'reason', { value: '16_0006_053' });
  assert.equal((await initialize(newOrder())).body.reason, '16_0006_053');
  const p = await placed();
  await fault('verify', 'amount', { value: '1' });
  await fault('verify', 'transaction_status', { value: 'Surprise' });
  assert.equal((await verify(p.ref)).amount, '1');
  assert.equal((await verify(p.ref)).status, 'Surprise');
  await fault('verify', 'drop_after_commit');
  await assert.rejects(verify(p.ref));
  await assert.rejects(fault('verify', 'expired_token'), /400/);
  await assert.rejects(sim.fault({ op: 'create', fault: 'bad_signature' }), /400/);
  const calls = await sim.control('GET', `/calls?op=nagad_verify&payment_id=${encodeURIComponent(p.ref)}`);
  assert.equal(calls.calls.length, 3);
});

test('payments and keys are there after a kill', async () => {
  const p = await placed();
  await act(p.ref, 'approve');
  await sim.down('SIGKILL');
  await sim.up();
  base = `${sim.url}/remote-payment-gateway-1.0/api/dfs`;
  assert.equal((await verify(p.ref)).status, 'Success');
  await placed();
});

test('without a merchant there is no Nagad', async () => {
  const none = await Sim.start();
  assert.equal((await fetch(`${none.url}/remote-payment-gateway-1.0/api/dfs/verify/payment/x`)).status, 403);
  assert.equal((await fetch(`${none.url}/nagad/check-out/x`)).status, 404);
  await none.end();
});
