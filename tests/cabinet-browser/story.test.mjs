// The whole of it in one browser: from the link that somebody was sent to a payment in the shop's spreadsheet.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { run, until } from '../api/lib/process.mjs';
import { accept, invite } from '../cabinet/lib/cabinet.mjs';
import { Cabinet } from './lib/cabinet.mjs';

const ONCE = { timeout: 120000 };

suite('a merchant\'s first hour', {}, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  it('signs in, makes a certificate, sends the request as printed, pays, reads the story, tells the shop again, finds it in the CSV', ONCE, async () => {
    const { person } = await accept(w, await invite(w, 'merchant_owner'));
    const c = await cabinet.open({ acceptDownloads: true });
    await c.signIn(person.email, person.password);
    await c.page.getByTestId('me').waitFor();

    await c.go('/certs');
    await c.press('new');
    const [file] = await Promise.all([c.page.waitForEvent('download'), c.press('yes')]);
    const dir = fs.mkdtempSync(path.join(w.dir, 'story-'));
    await file.saveAs(path.join(dir, 'c.zip'));
    await c.press('close');
    assert.equal((await run('python3', ['-m', 'zipfile', '-e', 'c.zip', '.'], { cwd: dir })).code, 0);

    await c.go('/start');
    await c.press('lesson-curl');
    const program = await c.page.getByTestId('lesson-code').textContent();
    const command = await c.page.getByTestId('lesson-run').textContent();
    assert.match(program, /openssl/);
    fs.writeFileSync(path.join(dir, command.split(' ').at(-1)), program);
    // kassad sees a new certificate within a second
    const url = await until(async () => {
      const { stdout } = await run('/bin/sh', ['-c', command], { cwd: dir, env: { PATH: process.env.PATH, no_proxy: '*' } });
      return new RegExp(`${w.payUrl}/[0-9a-f-]{36}`).exec(stdout.replaceAll('\\/', '/'))?.[0];
    }, { ms: 20000, every: 500, what: 'the payment of the lesson' });

    await c.go('/payments', 'Payments');
    await c.page.getByRole('link', { name: /^first-curl-/ }).first().click();
    await c.page.getByRole('heading', { level: 1, name: /^Payment first-curl-/ }).waitFor();
    const address = c.page.url();
    await c.page.goto(url);
    await c.press('pay');
    await c.page.waitForURL(`${w.simUrl}/**`);
    await c.press('approve');
    await c.page.locator('[data-testid=status][data-status=paid]').waitFor();

    const sent = () => w.receiver.of('/notify').length;
    await until(() => sent() > 0, { what: 'the notification' });
    await c.page.goto(address);
    const story = c.page.getByTestId('story');
    for (const step of ['The shop created the payment', 'The payment page was opened', 'Paid', 'Notification sent, try 1: HTTP 200']) {
      await story.getByText(step, { exact: true }).first().waitFor();
    }
    const told = sent();
    await c.press('send-again');
    await until(() => sent() > told, { what: 'the notification again' });

    await c.go('/payments', 'Payments');
    const [table] = await Promise.all([c.page.waitForEvent('download'), c.press('export')]);
    assert.match(fs.readFileSync(await table.path(), 'utf8'), /,first-curl-[^,]+,paid,bkash,BDT,/);
    await c.close();
  });
});
