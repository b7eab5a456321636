// The audit log in the cabinet, and as a file that proves itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { suite } from '../api/lib/harness.mjs';
import { run } from '../api/lib/process.mjs';
import { expectCode, signIn } from './lib/cabinet.mjs';

const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'doc', 'audit-log.md');

suite('audit log', { endpoint: false, purposes: ['payments'] }, (w) => {
  const actions = (list) => list.items.map((r) => r.action);

  it('T68 a merchant reads its own changes, filtered and page by page; the operator all', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const admin = await signIn(w, 'operator_admin');
    const stranger = await signIn(w, 'merchant_owner', { merchant: (await w.addMerchant('Other shop')).id });
    await w.cli.json(['redirect', 'add', '--account', w.account.uuid, '--name', 'home', '--url', 'https://shop.example/ok']);
    await w.setAccount(w.account, ['--name', 'renamed']);
    const mine = await owner.good('GET', '/audit-log');
    assert.ok(actions(mine).includes('redirect.add') && actions(mine).includes('cert.new') && actions(mine).includes('merchant.add'));
    assert.ok(mine.items.every((r) => r.merchant_id === String(w.account.merchant)));
    const [update] = (await owner.good('GET', '/audit-log?action=account.update')).items;
    assert.equal(update.after.name, 'renamed');
    assert.notEqual(update.before.name, 'renamed');
    assert.ok(actions(await owner.good('GET', '/audit-log?action=cert')).every((a) => a.startsWith('cert.')));
    assert.deepEqual((await owner.good('GET', `/audit-log?target=account:${w.account.uuid}&action=account.add`)).items.length, 1);
    assert.deepEqual((await owner.good('GET', '/audit-log?until=1000')).items, []);
    const seen = [];
    for (let next = ''; next !== null;) {
      const page = await owner.good('GET', `/audit-log?limit=2&after=${next}`);
      seen.push(...page.items.map((r) => r.id));
      next = page.next;
    }
    assert.deepEqual(seen, mine.items.map((r) => r.id));
    assert.ok(actions(await stranger.good('GET', '/audit-log')).every((a) => a === 'merchant.add' || a.startsWith('person.')));
    expectCode(await stranger.get(`/audit-log?merchant=${w.account.merchant}`), 400, 'request_invalid');
    expectCode(await owner.get('/audit-log?from=x'), 400, 'request_invalid');
    assert.ok((await admin.good('GET', '/audit-log')).items.some((r) => r.merchant_id === null));
    assert.deepEqual(actions(await admin.good('GET', `/audit-log?merchant=${w.account.merchant}&action=redirect`)), ['redirect.add']);
  });

  it('T68 the file is verified by our program and by the one of doc/audit-log.md; an edit, a gap and another order are found', async () => {
    const owner = await signIn(w, 'merchant_owner');
    const admin = await signIn(w, 'operator_admin');
    const script = path.join(w.dir, 'verify.py');
    fs.writeFileSync(script, /```python\n([\s\S]*?)```/.exec(fs.readFileSync(PAGE, 'utf8'))[1]);
    const file = path.join(w.dir, 'log.jsonl');
    const verify = async (text, program = true) => {
      fs.writeFileSync(file, text);
      const kassa = await w.cli.try(['audit-log', 'verify', file, '--json']);
      const python = program ? await run('/usr/bin/python3', [script, file]) : kassa;
      assert.equal(kassa.code === 0, python.code === 0, `${kassa.stderr}${python.stderr}`);
      return kassa;
    };
    const exported = async (visitor, query = '') => {
      const answer = await visitor.get(`/audit-log/export${query}`);
      assert.equal(answer.status, 200);
      assert.match(answer.headers['content-disposition'], /attachment; filename="kassa-audit-log\.jsonl"/);
      return answer.text;
    };
    const text = await exported(owner);
    const lines = text.trim().split('\n');
    assert.ok(lines.length > 4);
    const good = JSON.parse((await verify(text)).stdout);
    assert.deepEqual([good.ok, good.chain, good.lines, good.head], [true, 'merchant', lines.length, JSON.parse(lines.at(-1)).hash]);
    assert.ok(lines.every((line) => JSON.parse(line).merchant_id === Number(w.account.merchant)));
    const join = (all) => `${all.join('\n')}\n`;
    const wrong = {
      'an edit': text.replace(/"actor":"cli:[^"]*"/, '"actor":"cli:nobody"'),
      'a gap': join(lines.filter((_, i) => i !== 2)),
      'another order': join([lines[1], lines[0], ...lines.slice(2)]),
      'a line twice': join([...lines.slice(0, 2), ...lines.slice(1)]),
      'no JSON': `${lines[0]}\n{\n`,
    };
    for (const [what, edited] of Object.entries(wrong)) {
      assert.equal((await verify(edited)).code, 1, what);
    }
    assert.equal(await exported(admin, `?merchant=${w.account.merchant}`), text, 'the operator gets the same file');
    const all = await exported(admin);
    const whole = JSON.parse((await verify(all, false)).stdout);
    assert.deepEqual([whole.chain, whole.head], ['all', (await w.cli.json(['audit'])).chain_head]);
    assert.equal((await verify(all.replace('"target":"merchant:', '"target":"merchant:9'), false)).code, 1);
  });
});
