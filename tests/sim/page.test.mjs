import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Sim } from './start.mjs';

let sim;
before(async () => { sim = await Sim.start(); await sim.login(); });
after(() => sim.end());

const press = (id, button) => fetch(`${sim.url}/pay/${id}/${button}`, { method: 'POST', redirect: 'manual' });

test('the page shows amount, invoice and a form for each button, under a strict policy', async () => {
  const { body } = await sim.create({ amount: '1234.5', merchantInvoiceNumber: 'INV-page' });
  const answer = await fetch(body.bkashURL);
  const html = await answer.text();
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
  assert.doesNotMatch(answer.headers.get('content-security-policy'), /unsafe|form-action/);
  assert.match(html, /data-testid="amount">1234\.50 BDT</);
  assert.match(html, /data-testid="invoice">INV-page</);
  for (const button of ['approve', 'decline', 'cancel', 'wrong-pin', 'insufficient'])
    assert.ok(html.includes(`<form method="post" action="/pay/${body.paymentID}/${button}">`), button);
  assert.doesNotMatch(html, /<script/);
  assert.equal((await fetch(`${sim.url}/walletsim.css`)).headers.get('content-type'), 'text/css');
});

for (const [button, status] of [['approve', 'success'], ['insufficient', 'success'], ['decline', 'failure'], ['cancel', 'cancel']])
  test(`${button} sends the browser back with status=${status}, as often as it is pressed`, async () => {
    const id = await sim.created();
    for (let i = 0; i < 2; i++) {
      const answer = await press(id, button);
      assert.equal(answer.status, 303);
      const url = new URL(answer.headers.get('location'));
      assert.equal(url.origin + url.pathname, 'http://127.0.0.1:1/callback/abc');
      assert.equal(url.searchParams.get('paymentID'), id);
      assert.equal(url.searchParams.get('status'), status);
      for (const name of ['signature', 'product', 'apiVersion']) assert.ok(url.searchParams.get(name), name);
    }
  });

test('a callback with a query keeps it, a fragment is dropped', async () => {
  const id = await sim.created({ callbackURL: 'http://127.0.0.1:1/cb?order=7#top' });
  const location = (await press(id, 'cancel')).headers.get('location');
  assert.ok(location.startsWith(`http://127.0.0.1:1/cb?order=7&paymentID=${id}&status=cancel&`), location);
  assert.ok(!location.includes('#'));
});

test('the third wrong PIN ends in failure', async () => {
  const id = await sim.created();
  for (const left of [2, 1]) {
    const answer = await press(id, 'wrong-pin');
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), new RegExp(`data-testid="pin-error">[^<]*${left}`));
    assert.equal((await sim.payment(id)).state, 'initiated');
  }
  const last = await press(id, 'wrong-pin');
  assert.equal(last.status, 303);
  assert.equal(new URL(last.headers.get('location')).searchParams.get('status'), 'failure');
});

test('after a wrong PIN the right one still pays', async () => {
  const id = await sim.created();
  await press(id, 'wrong-pin');
  assert.equal((await press(id, 'approve')).status, 303);
  assert.equal((await sim.execute(id)).body.statusCode, '0000');
});

test('what is decided stays decided', async () => {
  const cancelled = await sim.created();
  await press(cancelled, 'cancel');
  for (const button of ['approve', 'insufficient', 'decline', 'wrong-pin'])
    assert.equal((await press(cancelled, button)).status, 409, button);
  const approved = await sim.approved();
  assert.equal((await press(approved, 'cancel')).status, 409);
  assert.match(await (await fetch(`${sim.url}/pay/${cancelled}`)).text(), /data-testid="over"/);
});

test('an unknown payment has no page', async () => {
  const answer = await fetch(`${sim.url}/pay/TR0011none`);
  assert.equal(answer.status, 404);
  assert.match(answer.headers.get('content-type'), /text\/html/);
  assert.equal((await press('TR0011none', 'approve')).status, 404);
});

test('payers go where --public-url says', async () => {
  const other = await Sim.start(['--public-url', 'https://wallet.example']);
  try {
    await other.login();
    const { body } = await other.create();
    assert.ok(body.bkashURL.startsWith(`https://wallet.example/pay/${body.paymentID}?`));
  } finally {
    await other.end();
  }
});
