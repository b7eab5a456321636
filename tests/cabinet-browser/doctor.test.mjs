// The signature doctor's page and the audit log's: what they look like, and one story of each against the real server.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { until } from '../api/lib/process.mjs';
import { signIn } from '../cabinet/lib/cabinet.mjs';
import { Cabinet, checkPages, sessionOf } from './lib/cabinet.mjs';

const ONCE = { timeout: 60000 };
const NOW = Date.UTC(2026, 10, 24, 9, 30);
const ACCOUNT = '7f3c2c5e-5f0e-4d0b-9c55-0a5c5a1b2c3d';
const base64 = (text) => Buffer.from(text).toString('base64');
const BODY = '{"amount":"300.00","order_id":"INV-2041","desc":"চা","success_redirect_url":"https:\\/\\/shop.example\\/ok"}';
const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const REPORT = {
  at: NOW, account_header: ACCOUNT, sign_header: 'AAAA', verdict: 'refused', padding: 'PKCS#1 v1.5', digest: 'SHA-512', signature_bytes: 256,
  findings: [{ code: 'digest_sha512', text: 'x', detail: 'SHA-512' }, { code: 'body_reencoded', text: 'x', detail: 'slashes, unicode' }],
  certificate: { id: '5', account: ACCOUNT, purpose: 'payments', fingerprint: DIGEST, not_before: NOW, not_after: 0, revoked_at: 0 },
  signed_digest: DIGEST, body_digest: DIGEST.replace('9f', 'a0'), body_bytes: BODY.length, differs_at: Buffer.from(BODY).indexOf('চা'),
  body_base64: base64(BODY), signed_base64: base64(`${BODY.replace('চা', '\\u099a\\u09be')}\n`),
};
const API = {
  'GET /session': sessionOf('merchant_owner', ['account_see', 'doctor', 'log_see', 'people_see']),
  'GET /accounts': { items: [{ uuid: ACCOUNT, name: 'Web shop' }, { uuid: ACCOUNT.replace('7', '8'), name: 'App' }], next: null },
  [`GET /accounts/${ACCOUNT}/refused`]: { next: null, kept_days: 3, items: [17, 16].map((id) => ({ id: String(id), at: NOW - id, client_ip: '203.0.113.7',
    path: '/v1/payment', body_bytes: 231 })) },
  [`POST /accounts/${ACCOUNT}/doctor`]: REPORT,
  'GET /audit-log': { next: '3', items: [
    { id: '9', at: NOW, person_id: '7', actor: 'nasrin@handloom.example', merchant_id: '3', action: 'endpoint.update', target: 'endpoint:12', client_ip: '203.0.113.9',
      before: { url: 'https://shop.example/old', enabled: true }, after: { url: 'https://shop.example/notify', enabled: true } },
    { id: '8', at: NOW - 5e6, person_id: null, actor: 'cli:rahim', merchant_id: '3', action: 'cert.new', target: `account:${ACCOUNT}`, client_ip: null, before: null,
      after: { purpose: 'payments', fingerprint: DIGEST } },
    { id: '4', at: NOW - 9e7, person_id: null, actor: 'kassad', merchant_id: '3', action: 'some.thing', target: 'x:1', client_ip: null, before: null, after: null }] },
};

suite('doctor and audit log', { endpoint: false, purposes: ['payments'] }, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  const toldIn = async (c) => c.page.getByTestId('found').waitFor();

  it('no page has a violation in any look', ONCE, async () => {
    const examined = async (c) => {
      await c.page.getByTestId('examine').first().click();
      await toldIn(c);
    };
    const opened = async (c) => { await c.page.locator('summary').first().click(); };
    await checkPages(cabinet, [{ name: 'doctor', path: '/doctor', ready: examined }, { name: 'changes', path: '/changes', ready: opened }], API);
    await checkPages(cabinet, [{ name: 'doctor-empty', path: '/doctor' }, { name: 'changes-empty', path: '/changes' }],
      { ...API, [`GET /accounts/${ACCOUNT}/refused`]: { items: [], next: null, kept_days: 3 }, 'GET /audit-log': { items: [], next: null } });
  });

  it('every finding has its words in both languages', () => {
    const here = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
    const codes = [...fs.readFileSync(path.join(here, 'src/core/doctor.def'), 'utf8').matchAll(/^D\((\w+),/gm)].map((m) => m[1]).sort();
    const findings = JSON.parse(fs.readFileSync(path.join(here, 'web/cabinet/src/doctor/findings.json'), 'utf8'));
    assert.ok(codes.length > 50);
    assert.deepEqual(Object.keys(findings).sort(), codes);
    for (const [code, words] of Object.entries(findings)) {
      for (const language of ['en', 'bn']) {
        assert.ok(words[language].title && words[language].mend, `${code} in ${language}`);
      }
      assert.match(words.bn.mend, /[\u0980-\u09ff]/, code);
    }
  });

  it('a developer picks a refused request, sees the bytes, pastes the mended one, and reads who changed what', ONCE, async () => {
    const visitor = await signIn(w, 'merchant_developer');
    const fields = w.account.fields();
    await w.call('/v1/payment', JSON.stringify(fields), { sign: w.account.sign(`${JSON.stringify(fields)}\n`) });
    await until(async () => ((await visitor.good('GET', `/accounts/${w.account.uuid}/refused`)).items.length ? true : undefined));
    const c = await cabinet.open();
    await c.signIn(visitor.person.email, visitor.person.password);
    await c.page.getByTestId('me').waitFor();
    await c.go('/doctor');
    await c.page.getByTestId('examine').first().click();
    await c.page.locator('[data-code=newline_signed]').waitFor();
    assert.match(await c.page.locator('pre.bytes').last().textContent(), /⏎/);
    await c.page.getByRole('button', { name: 'Python' }).click();
    assert.match(await c.page.locator('[data-code=newline_signed] pre').textContent(), /json\.dumps/);
    const body = JSON.stringify(fields);
    await c.fill('request_base64', `POST /v1/payment HTTP/1.1\nAccount: ${w.account.uuid}\nSign: ${w.account.sign(body)}\nContent-Type: application/json\n\n${body}`);
    await c.press('look');
    await c.page.getByText('This request is rightly signed').waitFor();
    await c.fill('request_base64', 'hello');
    await c.press('look');
    await c.page.locator('[name=request_base64][aria-invalid=true]').waitFor();
    await c.go('/changes');
    await c.page.getByText('Certificate made').waitFor();
    await c.page.locator('[name=about]').selectOption('person');
    await c.page.getByText('Person invited').first().waitFor();
    await c.page.getByText('Certificate made').waitFor({ state: 'hidden' });
    const [download] = await Promise.all([c.page.waitForEvent('download'), c.press('export')]);
    const file = path.join(w.dir, 'kassa-audit-log.jsonl');
    await download.saveAs(file);
    assert.equal((await w.cli.try(['audit-log', 'verify', file])).code, 0);
    await c.close();
  });
});
