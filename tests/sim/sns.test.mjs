// The simulator's SNS: what it posts is signed as Amazon documents it, checked here by Node and the openssl program.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Sim } from './start.mjs';

const dir = mkdtempSync(join(tmpdir(), 'walletsim-sns-'));
const certificate = join(dir, 'sns.pem');
const key = join(dir, 'sns.key');
const posted = [];
let sim;
let receiver;
let url;
let status = 200;

before(async () => {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sns.amazonaws.com', '-addext',
    'subjectAltName=IP:127.0.0.1,DNS:sns.amazonaws.com', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  sim = await Sim.start(['--sns-certificate', certificate, '--sns-key', key]);
  receiver = http.createServer((rq, answer) => {
    const chunks = [];
    rq.on('data', (d) => chunks.push(d));
    rq.on('end', () => {
      posted.push({ headers: rq.headers, body: Buffer.concat(chunks).toString() });
      answer.writeHead(status).end();
    });
  });
  await new Promise((done) => receiver.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${receiver.address().port}/`;
});

after(async () => {
  receiver.close();
  receiver.closeAllConnections?.();
  await sim.end();
  rmSync(dir, { recursive: true, force: true });
});

const control = async (body) => {
  const answer = await fetch(`${sim.url}/control/sns`, { method: 'POST', body: JSON.stringify(body) });
  return { status: answer.status, json: await answer.json() };
};
const send = async (what) => {
  const { status: code, json } = await control({ url, ...what });
  assert.equal(code, 200, JSON.stringify(json));
  assert.equal(json.status, status);
  const { headers, body } = posted.pop();
  const m = JSON.parse(body);
  assert.equal(m.MessageId, json.message_id);
  return { headers, m };
};
const get = (address) => new Promise((resolve, reject) => {
  https.get(address, { ca: readFileSync(certificate) }, (answer) => {
    const chunks = [];
    answer.on('data', (d) => chunks.push(d));
    answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
  }).on('error', reject);
});
const signedText = (m) => ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  .filter((k) => k in m).map((k) => `${k}\n${m[k]}\n`).join('');
const good = (m) => crypto.verify(m.SignatureVersion === '2' ? 'sha256' : 'sha1', Buffer.from(signedText(m)), crypto.createPublicKey(
  readFileSync(certificate)), Buffer.from(m.Signature, 'base64'));

test('a notification is signed by the certificate that its address gives, in both versions', async () => {
  for (const version of [1, 2]) {
    const { headers, m } = await send({ message: '{"a":"ট\\n"}', version, subject: 'a subject' });
    assert.match(headers['content-type'], /^text\/plain/);
    assert.deepEqual([m.Type, m.SignatureVersion, m.Subject], ['Notification', String(version), 'a subject']);
    assert.ok(good(m));
    const served = await get(m.SigningCertURL);
    assert.equal(served.text, readFileSync(certificate, 'utf8'));
    writeFileSync(join(dir, 'text'), signedText(m));
    writeFileSync(join(dir, 'signature'), Buffer.from(m.Signature, 'base64'));
    const publicKey = join(dir, 'public.pem');
    writeFileSync(publicKey, crypto.createPublicKey(served.text).export({ type: 'spki', format: 'pem' }));
    const said = execFileSync('openssl', ['dgst', version === 2 ? '-sha256' : '-sha1', '-verify', publicKey, '-signature', join(dir, 'signature'),
      join(dir, 'text')]).toString();
    assert.match(said, /OK/);
  }
});

test('a payment is told of with its invoice, TrxID and amount, once it is completed', async () => {
  await sim.login();
  const id = await sim.approved({ amount: '12.5', merchantInvoiceNumber: 'INV-SNS' });
  assert.equal((await control({ url, payment_id: id })).status, 400, 'there is no TrxID yet');
  const { body: done } = await sim.execute(id);
  const { m } = await send({ payment_id: id });
  const told = JSON.parse(m.Message);
  assert.deepEqual([told.trxID, told.amount, told.merchantInvoiceNumber, told.transactionStatus], [done.trxID, '12.5', 'INV-SNS', 'Completed']);
  assert.match(told.dateTime, /^\d{14}$/);
  const { m: other } = await send({ payment_id: id, amount: '1', topic: 'arn:aws:sns:x:1:y' });
  assert.deepEqual([JSON.parse(other.Message).amount, other.TopicArn], ['1', 'arn:aws:sns:x:1:y']);
  assert.ok(good(other));
});

test('faults: a bad signature, another certificate address, the same message again, what the receiver answers', async () => {
  const { m } = await send({ message: 'x', bad_signature: true });
  assert.ok(!good(m));
  const { m: foreign } = await send({ message: 'x', cert_url: 'https://evil.example/a.pem' });
  assert.equal(foreign.SigningCertURL, 'https://evil.example/a.pem');
  const { m: again } = await send({ message: 'x', message_id: m.MessageId });
  assert.equal(again.MessageId, m.MessageId);
  status = 503;
  await send({ message: 'x' });
  status = 200;
});

test('a subscription is confirmed by its address', async () => {
  const { m } = await send({ type: 'SubscriptionConfirmation', version: 2 });
  assert.ok(good(m));
  assert.equal((await sim.control('GET', '/sns')).confirmations, 0);
  assert.equal((await get(m.SubscribeURL)).status, 200);
  const seen = await sim.control('GET', '/sns');
  assert.deepEqual([seen.confirmations, seen.confirmed], [1, m.TopicArn]);
});
