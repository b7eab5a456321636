// What the operator's people see and decide, in a real browser.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { Cabinet, checkPages, sessionOf } from './lib/cabinet.mjs';

const ONCE = { timeout: 90000 };
const AT = Date.UTC(2026, 10, 24, 9, 5);
const ADMIN = sessionOf('operator_admin', ['op_see', 'op_queue', 'op_decide', 'op_number', 'op_wallet', 'op_merchant']);
const received = (id, more) => ({
  id, state: 'free', reason: null, wallet: 'rocket', trx_id: `66067900${id}`, amount_poisha: 12345000, number_id: '4', payer: '***515',
  received_at: AT, payment_id: null, asked_by: null, asked_payment_id: null, asked_void: false, asked_sms_id: null, ...more,
});
const API = {
  'GET /session': ADMIN,
  'GET /op/health': {
    store: 'clock_apart', node: '0f8fad5b-d9cb-469f-a165-70867728950e', now: AT, waiting: { received: 3, sms: 2, doubts: 0, notifications: 12 },
    wallets: [
      { id: '1', wallet: 'bkash', name: 'the shop of Mirpur', account: null, state: 'good', reason: null, since: null },
      { id: '2', wallet: 'nagad', name: 'nagad', account: '9a1b7c52-6c1f-4a9f-9c8e-1b7e7d0f3a11', state: 'out_of_use', reason: 'the token is refused', since: AT },
      { id: '3', wallet: 'rocket', name: 'bank', account: null, state: 'off', reason: null, since: null },
    ],
    numbers: [
      { id: '4', wallet: 'rocket', number: '017111111112', kind: 'personal', account: null, enabled: true, balance_poisha: 12345678, balance_at: AT, seen_at: AT, silent: true },
      { id: '5', wallet: 'bkash', number: '01711111111', kind: 'merchant', account: null, enabled: true, balance_poisha: null, balance_at: null, seen_at: AT, silent: false },
    ],
    devices: [{ id: '6', name: 'the phone on the shelf', model: 'Walton Primo', enabled: true, seen_at: AT, synced_at: AT }],
  },
  'GET /op/received': { more: true, items: [
    received('11', {}), received('12', { state: 'review', reason: 'the balance does not follow', payer: null }),
    received('13', { state: 'late', asked_by: 'rafiq@operator.example', asked_payment_id: '100000017' }),
    received('14', { asked_by: 'a.very.long.address.of.somebody@accounts.dhaka-handloom.example', asked_void: true }),
  ] },
  'GET /op/sms': { more: false, items: [
    { id: '21', state: 'unparsed', why: 'unknown text', sender: 'bKash', text: 'প্রিয় গ্রাহক, <b>নতুন</b> অফার https://example.com/a/very/long/address/without/any/blank/in/it/at/all', trx_id: null, number_id: '5', happened_at: AT },
    { id: '22', state: 'conflict', why: null, sender: '16216', text: 'Tk500.00 received', trx_id: '6606790001', number_id: '4', happened_at: AT },
  ] },
  'GET /op/doubts': { more: false, items: [{ id: '31', payment_id: '100000021', wallet: 'bkash', amount_poisha: 7700, state: 'unknown' },
    { id: '32', payment_id: '100000022', wallet: 'nagad', amount_poisha: 880000, state: 'review' }] },
};

suite('the operator in the cabinet', { endpoint: false }, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  it('each page in both languages, light and dark, on a phone and on a desk', ONCE, async () => {
    await checkPages(cabinet, [
      { name: 'operator', path: '/operator' },
      { name: 'operator-received', path: '/operator/received' },
      { name: 'operator-received-dialog', path: '/operator/received', ready: (c) => c.page.getByTestId('decide-open').first().click() },
      { name: 'operator-sms', path: '/operator/sms' },
      { name: 'operator-doubts', path: '/operator/doubts' },
    ], API);
  });

  it('what one asked for another confirms, knowing what it is', ONCE, async () => {
    const c = await cabinet.open({ api: { ...API, 'POST /op/received/13/confirm': { ok: true } } });
    await c.go('/operator/received');
    await c.page.getByTestId('confirm').first().click();
    await c.page.getByTestId('decide').getByText('to pay 100000017').waitFor();
    await c.fill('reason', 'seen the SMS');
    await c.press('yes');
    await c.page.getByTestId('decide').waitFor({ state: 'detached' });
    assert.deepEqual(c.posts, [['/op/received/13/confirm', { payment_id: '100000017', void: false, sms_id: null, reason: 'seen the SMS' }]]);
    await c.close();
  });
});
