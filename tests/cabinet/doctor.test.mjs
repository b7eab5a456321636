// The signature doctor in the cabinet: refused requests that were kept, and pasted ones.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { until } from '../api/lib/process.mjs';
import { sqlRows, sqlRun } from '../api/lib/store.mjs';
import { expectCode, signIn } from './lib/cabinet.mjs';

suite('signature doctor', { endpoint: false, purposes: ['payments'] }, (w) => {
  const refused = (visitor, account = w.account) => visitor.good('GET', `/accounts/${account.uuid}/refused`);
  const look = (visitor, body, account = w.account) => visitor.post(`/accounts/${account.uuid}/doctor`, body);
  const pasted = (headers, body) => ({ request_base64: Buffer.from(`${headers.join('\n')}\n\n${body}`).toString('base64') });
  const fields = () => w.account.fields({ desc: 'চা' });

  it('a refused request is kept for its merchant, sealed, and explained', async () => {
    const developer = await signIn(w, 'merchant_developer');
    assert.deepEqual(await refused(developer), { items: [], next: null, kept_days: 3 });
    const body = JSON.stringify(fields());
    const sign = w.account.sign(JSON.stringify(fields(), null, 4));
    assert.equal((await w.call('/v1/payment', body, { sign })).status, 401);
    const { items } = await until(async () => {
      const list = await refused(developer);
      return list.items.length ? list : undefined;
    });
    assert.deepEqual(items.map((r) => [r.path, r.client_ip, r.body_bytes]), [['/v1/payment', '127.0.0.1', Buffer.byteLength(body)]]);
    const [row] = await sqlRows(w.cli.store, 'SELECT * FROM refused_request');
    assert.doesNotMatch(Buffer.from(row.request_box).toString('latin1'), /order_id|customer_ip/);
    const { json } = await look(developer, { refused_id: items[0].id });
    assert.equal(json.verdict, 'refused');
    assert.equal(json.at, items[0].at);
    assert.equal(json.account_header, w.account.uuid);
    assert.equal(json.sign_header, sign);
    assert.equal(Buffer.from(json.body_base64, 'base64').toString(), body);
  });

  it('strangers can neither fill the store nor slow the refusals down: one in two seconds is kept', async () => {
    const [{ n: before }] = await sqlRows(w.cli.store, 'SELECT count(*) AS n FROM refused_request');
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => w.call('/v1/payment', `{"a":${i}}`, { sign: 'AAAA' })));
    assert.ok(answers.every((a) => a.status === 401));
    await w.call('/v1/payment', `{"a":"${'x'.repeat(20000)}"}`, { sign: 'AAAA' });
    const [{ n }] = await sqlRows(w.cli.store, 'SELECT count(*) AS n FROM refused_request');
    assert.ok(n - before <= 3, `${n - before} were kept`);
    assert.equal((await sqlRows(w.cli.store, 'SELECT id FROM refused_request WHERE body_bytes > 16384')).length, 0);
  });

  it('of an account the newest twenty are kept, and what is older than three days is not shown', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const copy = (offset, age) => sqlRun(w.cli.store, `INSERT INTO refused_request (id, account_id, at, client_ip, path, body_bytes, request_box)
      SELECT -${offset}, account_id, at - ${age}, client_ip, path, body_bytes, request_box FROM refused_request WHERE id = (SELECT MIN(id) FROM refused_request WHERE id > 0)`);
    for (let i = 1; i <= 25; i++) {
      await copy(i, 1000);
    }
    await until(async () => {
      await w.call('/v1/payment', '{}', { sign: 'AAAA' });
      const [{ n }] = await sqlRows(w.cli.store, 'SELECT count(*) AS n FROM refused_request');
      return n <= 20 ? n : undefined;
    });
    await sqlRun(w.cli.store, `UPDATE refused_request SET at = at - ${3 * 86400000 + 60000} WHERE id < 0`);
    assert.ok((await refused(owner)).items.every((r) => Number(r.id) > 0));
  });

  it('a pasted request is explained, whatever its line ends; what is no request is told at the field', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const body = JSON.stringify(fields());
    const head = (sign) => ['POST /v1/payment HTTP/1.1', `Account: ${w.account.uuid}`, `Sign: ${sign}`, 'Content-Type: application/json'];
    const codes = async (headers, text) => (await look(owner, pasted(headers, text))).json.findings.map((f) => f.code);
    assert.deepEqual(await codes(head(w.account.sign(body)), body), []);
    assert.deepEqual(await codes(head(w.account.sign(`${body}\n`)).map((l) => `> ${l}\r`), body), ['newline_signed']);
    assert.deepEqual(await codes(head(w.account.sign(body).match(/.{1,64}/g).join('\n')), body), ['sign_wrapped']);
    assert.deepEqual(await codes(head(''), body), ['sign_empty']);
    const { json } = await look(owner, { request_base64: Buffer.from('Account: \xff\nSign: \xfe\x00\n\n\xff\x00', 'latin1').toString('base64') });
    assert.deepEqual(json.findings.map((f) => f.code), ['account_malformed', 'sign_unreadable', 'body_not_json']);
    expectCode(await look(owner, {}), 400, 'field_invalid', { request_base64: 'required' });
    expectCode(await look(owner, { request_base64: '####' }), 400, 'field_invalid', { request_base64: 'invalid' });
    expectCode(await look(owner, { request_base64: Buffer.from(body).toString('base64') }), 400, 'field_invalid', { request_base64: 'invalid' });
    expectCode(await look(owner, { request_base64: Buffer.alloc(90000, 'a:b\n').toString('base64') }), 400, 'field_invalid', { request_base64: 'too_long' });
    expectCode(await look(owner, { refused_id: '999999999' }), 400, 'field_invalid', { refused_id: 'unknown' });
  });

  it('T64 another merchant sees neither the requests nor whose key it was', async () => {
    const merchant = (await w.addMerchant('Curious shop')).id;
    const curious = await signIn(w, 'merchant_owner', { merchant });
    const own = await w.addAccount({ merchant, endpoint: false, purposes: ['payments'] });
    const [{ id }] = await sqlRows(w.cli.store, 'SELECT MAX(id) AS id FROM refused_request');
    expectCode(await curious.get(`/accounts/${w.account.uuid}/refused`), 404, 'not_found');
    expectCode(await look(curious, { refused_id: String(id) }), 404, 'not_found');
    expectCode(await look(curious, { refused_id: String(id) }, own), 400, 'field_invalid', { refused_id: 'unknown' });
    const { json } = await look(curious, pasted([`Account: ${w.account.uuid}`, `Sign: ${w.account.sign('{}')}`], '{}'), own);
    assert.deepEqual(json.findings.map((f) => f.code), ['account_unknown', 'key_unknown']);
    assert.equal(json.certificate, null);
    const nobody = crypto.randomUUID();
    const { json: same } = await look(curious, pasted([`Account: ${nobody}`, `Sign: ${w.account.sign('{}')}`], '{}'), own);
    assert.deepEqual(same.findings.map((f) => f.code), ['account_unknown', 'key_unknown'], 'an account of others is as one of nobody');
  });
});
