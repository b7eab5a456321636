// kassad as a program: what it says when it can't start, TLS, and how it ends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILD, suite, World } from './lib/harness.mjs';
import { request, trust } from './lib/http.mjs';
import { freePort, run, sleep, until } from './lib/process.mjs';
import { onPostgres } from './lib/store.mjs';

const KASSAD = path.join(BUILD, 'kassad');
const kassad = (...args) => run(KASSAD, args);

suite('kassad as a program', {}, (w) => {
  it('without a configuration it says how it is used', async () => {
    for (const args of [[], ['--config'], ['--colour'], ['--config', w.cli.config, 'more']]) {
      const { code, stderr } = await kassad(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /usage: kassad --config FILE/);
    }
    assert.match((await kassad('--help')).stdout, /^usage: kassad/);
    assert.match((await kassad('--version')).stdout, /^kassad \d+\.\d+\.\d+\n$/);
  });

  it('--check-config says ok, or names each fault', async () => {
    const good = await kassad('--config', w.cli.config, '--check-config');
    assert.deepEqual([good.code, good.stdout], [0, 'ok\n']);
    const file = path.join(w.dir, 'faulty.conf');
    fs.writeFileSync(file, '[server]\nlisten = nowhere\nthreads = many\nopps = 1\n');
    const { code, stderr } = await kassad('--config', file, '--check-config');
    assert.equal(code, 1);
    for (const key of ['threads', 'opps']) {
      assert.match(stderr, new RegExp(key));
    }
  });

  // Any number run on a database: tests/postgres/programs.test.mjs.
  if (!onPostgres) {
    it('a second kassad on the same file does not start', async () => {
      const { code, stderr } = await kassad('--config', w.cli.config);
      assert.equal(code, 1);
      assert.match(stderr, /another kassad runs on/);
      await w.seen();
    });
  }

  it('a sandbox whose wallet leads off loopback does not start, and the wallet is named', async () => {
    w.configure({ sandbox: { sandbox: 'no' } });
    const credential = await w.cli.json(['wallet', 'add', 'bkash', '--name', 'the-live-one', '--base-url',
      'https://tokenized.example.com/v1.2.0-beta', '--username', 'u', '--app-key', 'k', '--password-env', 'P', '--app-secret-env', 'S',
    ], { env: { P: 'p', S: 's' } });
    await w.stopKassad();
    w.configure({ sandbox: { sandbox: 'yes' } });
    const { code, stderr } = await kassad('--config', w.cli.config);
    assert.equal(code, 1);
    assert.match(stderr, /sandbox.*the-live-one.*tokenized\.example\.com/);
    await w.cli.json(['wallet', 'disable', credential.id]);
    await w.startKassad();
  });

  it('the moved clock goes on after a restart', async () => {
    const moved = await w.clock.advance(86400);
    await w.restartKassad();
    const now = await w.clock.now();
    assert.ok(now >= moved && now < moved + 60000, `${now} after ${moved}`);
  });

  it('a request under way is answered before it ends, and a second signal ends it at once', async () => {
    const slow = net.connect(w.port, '127.0.0.1');
    const chunks = [];
    slow.on('data', (d) => chunks.push(d)).on('error', () => {});
    const body = '{}';
    const head = Object.entries(w.account.headers(body)).map(([k, v]) => `${k}: ${v}\r\n`).join('');
    slow.write(`POST /v1/payment/history HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n${head}\r\n{`);
    await sleep(300);
    const first = w.kassad;
    process.kill(first.pid, 'SIGTERM');
    await until(async () => !(await request('GET', `${w.apiUrl}/robots.txt`, { agent: false }).catch(() => null)),
      { what: 'the end of accepting' });
    assert.equal((await request('GET', `${w.opsUrl}/readyz`, { agent: false })).status, 503);
    assert.equal(first.end, undefined, 'it waits for the request');
    slow.write('}');
    assert.equal((await first.ended).code, 0);
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 200 [^]*Connection: close[^]*"data":/);
    await w.startKassad();
    const hanging = net.connect(w.port, '127.0.0.1');
    hanging.on('error', () => {});
    hanging.write('POST /v1/payment HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n');
    await sleep(300);
    process.kill(w.kassad.pid, 'SIGTERM');
    await sleep(300);
    assert.equal(w.kassad.end, undefined, 'it waits for the request');
    process.kill(w.kassad.pid, 'SIGINT');
    assert.equal((await w.kassad.ended).code, 1);
    await w.startKassad();
  });

  it('its log holds no signature, no account and no address of a payer', async () => {
    const body = JSON.stringify(w.account.fields({ customer_ip: '203.0.113.99', customer_phone: '01712345678' }));
    const sign = w.account.sign(body);
    assert.equal((await w.account.call('/v1/payment', body)).status, 200);
    assert.equal((await w.account.call('/v1/payment', body, { sign: 'AAAA' })).status, 401);
    const log = w.kassadLog();
    for (const secret of [sign, w.account.uuid, '203.0.113.99', '01712345678', 'kassa-sandbox-password']) {
      assert.ok(!log.includes(secret), secret);
    }
    for (const line of log.split('\n').filter((l) => l.startsWith('{'))) {
      JSON.parse(line);
    }
  });
});

describe('kassad with TLS', { concurrency: false }, () => {
  const w = new World();
  let program;
  let cert;
  before(async () => {
    await w.start();
    await w.stopKassad();
    cert = path.join(w.dir, 'tls.crt');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path.join(w.dir, 'tls.key'), '-out', cert, '-days',
      '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    w.configure({ server: { tls_certificate_file: 'tls.crt', tls_key_file: 'tls.key' } });
  }, { timeout: 120000 });
  after(() => w.discard(), { timeout: 60000 });

  it('a key that others can read, or of another certificate, is refused', async () => {
    const key = path.join(w.dir, 'tls.key');
    fs.chmodSync(key, 0o640);
    const open = await kassad('--config', w.cli.config);
    assert.equal(open.code, 1);
    assert.match(open.stderr, /tls_key_file.*chmod 600/);
    const good = fs.readFileSync(key);
    execFileSync('openssl', ['genrsa', '-out', key, '2048'], { stdio: 'ignore' });
    fs.chmodSync(key, 0o600);
    const other = await kassad('--config', w.cli.config);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /TLS certificate or its key was refused/);
    fs.writeFileSync(key, good);
  });

  it('https serves calls, and TLS 1.1 is refused', async () => {
    w.port = await freePort();
    w.apiUrl = `https://127.0.0.1:${w.port}`;
    trust(fs.readFileSync(cert));
    w.configure({ server: { listen: `127.0.0.1:${w.port}`, api_url: w.apiUrl, pay_url: w.apiUrl } });
    await w.startKassad();
    program = w.kassad;
    await w.seen();
    const payment = await w.create();
    assert.ok(payment.url.startsWith(`${w.apiUrl}/`));
    assert.equal((await w.status(payment)).payment_status, 'wait');
    const old = await run('openssl', ['s_client', '-connect', `127.0.0.1:${w.port}`, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']);
    assert.notEqual(old.code, 0);
    await program.stop();
  });
});
