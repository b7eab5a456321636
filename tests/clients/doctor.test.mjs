// The signature doctor: PHP, Python, Node and openssl make the faults that merchants make. The gateway refuses each, and the doctor names it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { suite } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { run } from '../api/lib/process.mjs';

const HERE = path.join(path.dirname(fileURLToPath(import.meta.url)), 'mistakes');
const PROGRAMS = {
  PHP: ['php', [path.join(HERE, 'mistakes.php')]],
  Python: ['/usr/bin/python3', [path.join(HERE, 'mistakes.py')]],
  Node: [process.execPath, [path.join(HERE, 'mistakes.mjs')]],
  openssl: [path.join(HERE, 'mistakes.sh'), []],
};

suite('signature doctor', { endpoint: false, purposes: ['payments', 'payouts', 'notifications'] }, (w) => {
  const found = new Set();
  let certs, other;

  const fields = () => ({ amount: '300.00', order_id: 'চা/2041', service: 'payment_card_bdt_hpp', customer_ip: '203.0.113.7',
    customer_code: 'bkash', desc: 'Tea & é', success_redirect_url: 'https://shop.example/ok' });

  async function doctor(headers, body, more = []) {
    const file = path.join(w.dir, 'request.txt');
    const head = Object.entries(headers).filter(([, v]) => v !== undefined).map(([k, v]) => `${k}: ${v}\r\n`).join('');
    fs.writeFileSync(file, Buffer.concat([Buffer.from(`POST /v1/payment HTTP/1.1\r\n${head}\r\n`), Buffer.from(body)]));
    const { stdout, stderr } = await w.cli.try(['doctor', file, '--json', '--config', w.cli.config, ...more]);
    assert.ok(stdout, stderr);
    return JSON.parse(stdout);
  }

  const codes = (report) => report.findings.map((f) => f.code);

  before(async () => {
    certs = path.join(w.dir, 'shop');
    const copy = (from, to) => fs.cpSync(from, path.join(certs, to), { recursive: true });
    other = await w.addAccount({ merchant: w.account.merchant, endpoint: false, purposes: ['payments'] });
    for (const name of ['revoked', 'ended']) {
      const made = await w.addCert(w.account, 'payments');
      copy(made.dir, name);
      if (name === 'revoked') {
        await w.cli.run(['cert', 'revoke', String(made.id)]);
      } else {
        // a newer one without overlap ends it
        w.account.certs.payments = await w.addCert(w.account, 'payments', ['--overlap', '0']);
      }
    }
    for (const purpose of ['payments', 'payouts']) {
      copy(w.account.certs[purpose].dir, purpose);
    }
    copy(other.certs.payments.dir, 'other');
    await w.seen(w.account);
  });

  for (const [name, [command, args]] of Object.entries(PROGRAMS)) {
    it(`${name}: each fault is refused by the gateway and named by the doctor`, async () => {
      const { code, stdout, stderr } = await run(command, args, { env: { SHOP_CERT: certs, SHOP_FIELDS: JSON.stringify(fields()) } });
      assert.equal(code, 0, stderr);
      const cases = stdout.trim().split('\n').map((line) => JSON.parse(line));
      assert.ok(cases.length > 10);
      for (const { name: wanted, sign, body: base64 } of cases) {
        const body = Buffer.from(base64, 'base64');
        const headers = { Account: w.account.uuid, Sign: sign, 'Content-Type': 'application/json' };
        const [want, ...more] = wanted.split(' ');
        if (!/[\r\n]/.test(sign)) {
          const { status } = await request('POST', `${w.apiUrl}/v1/payment`, { headers, body });
          assert.equal(status === 401, want !== 'good', `${wanted}: the gateway said ${status}`);
        }
        const report = await doctor(headers, body);
        if (want === 'good') {
          assert.deepEqual([report.verdict, ...codes(report)], ['good'], wanted);
          continue;
        }
        assert.equal(report.verdict, 'refused');
        assert.equal(codes(report)[0], want, `${wanted}: ${JSON.stringify(report.findings)}`);
        if (more.includes('slashes,')) {
          assert.equal(report.findings[0].detail, more.join(' '));
        }
        found.add(want);
      }
    });
  }

  it('shows the bytes that were signed, and where they differ', async () => {
    const body = JSON.stringify(fields());
    const report = await doctor({ Account: w.account.uuid, Sign: w.account.sign(`${body}\n`), 'Content-Type': 'application/json' }, body);
    assert.deepEqual(codes(report), ['newline_signed']);
    assert.equal(Buffer.from(report.signed_base64, 'base64').toString(), `${body}\n`);
    assert.equal(Buffer.from(report.body_base64, 'base64').toString(), body);
    assert.equal(report.differs_at, Buffer.byteLength(body));
    assert.equal(report.certificate.purpose, 'payments');
    assert.notEqual(report.signed_digest, report.body_digest);
  });

  it('headers: Account and Content-Type', async () => {
    const body = JSON.stringify(fields());
    const Sign = w.account.sign(body);
    const type = 'application/json';
    const look = (headers, more) => doctor({ 'Content-Type': type, ...headers }, body, ['--account', w.account.uuid]);
    const cases = {
      account_missing: { Sign },
      account_malformed: { Sign, Account: `{${w.account.uuid}}` },
      account_unknown: { Sign, Account: '6f9619ff-8b86-4011-b42d-00c04fc964ff' },
      key_of_other_account: { Sign, Account: other.uuid },
      sign_missing: { Account: w.account.uuid },
      content_type: { Sign, Account: w.account.uuid, 'Content-Type': 'application/x-www-form-urlencoded' },
    };
    for (const [want, headers] of Object.entries(cases)) {
      const report = await look(headers);
      assert.equal(codes(report)[0], want, JSON.stringify(report.findings));
      found.add(want);
    }
    assert.equal((await look({ Sign, Account: w.account.uuid.toUpperCase() })).verdict, 'good');
  });

  it('at least twelve distinct faults are told apart', () => {
    assert.ok(found.size >= 40, [...found].sort().join(' '));
  });
});
