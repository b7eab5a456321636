// Rocket's bank in the simulator: who may send commands, and what they answer.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { Sim } from './start.mjs';

const BEGIN = { command: 'v', amount: '12050', currency: '050', client_ip_addr: '203.0.113.7', description: '6^K1N1', language: 'en',
  msg_type: 'SMS', mrch_transaction_id: 'K1N1' };
let sim, dir, port;
const pem = (name) => readFileSync(join(dir, name));

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rocket-'));
  for (const name of ['bank', 'merchant', 'stranger']) {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext',
      'subjectAltName=IP:127.0.0.1', '-keyout', join(dir, `${name}.key`), '-out', join(dir, `${name}.pem`)], { stdio: 'ignore' });
  }
  copyFileSync(join(dir, 'merchant.pem'), join(dir, 'merchants.pem'));
  port = await new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => done(free));
    });
  });
  sim = await Sim.start(['--rocket-listen', `127.0.0.1:${port}`, '--rocket-tls', dir, '--rocket-return', 'http://127.0.0.1:1/back']);
});
after(async () => {
  await sim.end();
  rmSync(dir, { recursive: true });
});

function send(fields, { who = 'merchant', version } = {}) {
  const options = { method: 'POST', ca: pem('bank.pem'), agent: false, maxVersion: version,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    ...(who && { cert: pem(`${who}.pem`), key: pem(`${who}.key`) }) };
  return new Promise((done, failed) => {
    const request = https.request(`https://127.0.0.1:${port}/ecomm2/MerchantHandler`, options, (answer) => {
      let text = '';
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => done({ status: answer.statusCode, text,
        lines: Object.fromEntries(text.split('\n').filter(Boolean).map((line) => line.split(/: (.*)/s).slice(0, 2))) }));
    });
    request.on('error', failed);
    request.end(new URLSearchParams(fields).toString());
  });
}

const begin = async (more) => (await send({ ...BEGIN, ...more })).lines.TRANSACTION_ID;
const ask = async (transId) => (await send({ command: 'c', trans_id: transId, client_ip_addr: '127.0.0.1' })).lines;
const act = (transId, action) => sim.json('POST', '/control/rocket/payments', { trans_id: transId, action });

test('a merchant is known by its certificate alone', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    assert.match((await send(BEGIN, { version })).lines.TRANSACTION_ID, /^[A-Za-z0-9+/]{27}=$/);
    for (const who of [null, 'stranger']) {
      const answer = await send(BEGIN, { who, version });
      assert.equal(answer.status, 400, `${version} ${who}`);
      assert.match(answer.text, /No required SSL certificate/);
    }
  }
  const plain = await fetch(`${sim.url}/ecomm2/MerchantHandler`, { method: 'POST', body: new URLSearchParams(BEGIN) });
  assert.equal(plain.status, 400);
});

test('E6 the openssl command line is let in with the merchant\'s certificate, and with no other', () => {
  const body = new URLSearchParams(BEGIN).toString();
  const speak = (...more) => execFileSync('openssl', ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`, '-CAfile', join(dir, 'bank.pem'),
    '-verify_return_error', ...more], { encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'],
    input: `POST /ecomm2/MerchantHandler HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n`
      + `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}` });
  const as = (who) => ['-cert', join(dir, `${who}.pem`), '-key', join(dir, `${who}.key`)];
  assert.match(speak(...as('merchant')), /^HTTP\/1\.1 200[\s\S]*TRANSACTION_ID: [A-Za-z0-9+/]{27}=/);
  for (const other of [[], as('stranger')]) {
    assert.match(speak(...other), /^HTTP\/1\.1 400[\s\S]*No required SSL certificate/);
  }
});

test('command v refuses what the bank would', async () => {
  for (const [field, value] of [['amount', '120.50'], ['amount', '0'], ['amount', '-1'], ['currency', 'BDT'], ['client_ip_addr', ''],
    ['client_ip_addr', '2001:db8::1:2:3:4'], ['description', 'K1N1'], ['msg_type', ''], ['command', 'x']]) {
    const { status, text } = await send({ ...BEGIN, [field]: value });
    assert.equal(status, 200);
    assert.match(text, /^error: wrong /, field);
  }
});

test('command c tells each state', async () => {
  const id = await begin();
  assert.deepEqual(await ask(id), { RESULT: 'CREATED', RESULT_PS: 'ACTIVE', MRCH_TRANSACTION_ID: 'K1N1' });
  await act(id, 'approve');
  const paid = await ask(id);
  assert.deepEqual([paid.RESULT, paid.RESULT_PS, paid.RESULT_CODE, paid.AMOUNT], ['OK', 'FINISHED', '000', '12050']);
  assert.match(paid.RRN, /^[0-9]{12}$/);
  assert.equal((await send({ command: 'r', trans_id: id, amount: '12050' })).lines.RESULT, 'OK');
  assert.equal((await ask(id)).RESULT, 'REVERSED');
  const again = await send({ command: 'r', trans_id: id, amount: '12050' });
  assert.deepEqual([again.lines.RESULT, again.lines.RESULT_CODE], ['REVERSED', '914']);
  assert.match((await send({ command: 'r', trans_id: 'nobody', amount: '12050' })).text, /^error: /);
  const cancelled = await begin();
  await act(cancelled, 'cancel');
  assert.deepEqual([(await ask(cancelled)).RESULT, (await ask(cancelled)).RESULT_PS], ['FAILED', 'CANCELLED']);
  const left = await begin();
  await sim.json('POST', '/control/clock', { advance_s: 901 });
  assert.equal((await ask(left)).RESULT, 'TIMEOUT');
  assert.match((await send({ command: 'c', trans_id: 'nobody' })).text, /^error: /);
});

test('three wrong PINs end a transaction, and the day is closed with what was paid', async () => {
  const id = await begin();
  for (let i = 0; i < 3; i++) {
    await act(id, 'wrong-pin');
  }
  assert.deepEqual([(await ask(id)).RESULT, (await ask(id)).RESULT_CODE], ['FAILED', '117']);
  await act(await begin({ amount: '500' }), 'leave');
  const { lines } = await send({ command: 'b' });
  assert.deepEqual([lines.RESULT, lines.RESULT_CODE, lines.FLD_075, lines.FLD_087], ['OK', '500', '1', '500']);
});
