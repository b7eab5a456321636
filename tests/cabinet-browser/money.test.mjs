// Overview, payments, one payment's story and the balance in a real browser: their looks with answers as the server gives them, and
// a merchant who finds a payment, reads what happened to it and sends its notification again, with the server itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, it } from 'node:test';
import { suite } from '../api/lib/harness.mjs';
import { accept, invite, PASSWORD } from '../cabinet/lib/cabinet.mjs';
import { Cabinet, checkPages, PHONE, sessionOf } from './lib/cabinet.mjs';

const ONCE = { timeout: 90000 };
const AT = Date.UTC(2026, 10, 24, 9, 5);
const OWNER = sessionOf('merchant_owner', ['payment_see', 'payment_act', 'balance_see', 'account_see', 'cert_change'], { now: AT });
const DAY = 864e5;
const UUID = '0b0d5c1e-7a47-4b43-9c3a-0d4a3c2b1a00';
const dayOf = (ms) => new Date(ms + 6 * 3600e3).toISOString().slice(0, 10);
const sums = (paid) => ({ created: paid * 2, opened: Math.round(paid * 1.8), reached: Math.round(paid * 1.4), paid, cancelled: Math.round(paid / 2),
  failed: Math.round(paid / 9), received_poisha: paid * 45050, commission_poisha: paid * 675, refunded_poisha: 0 });
const OVERVIEW = {
  from: dayOf(AT - 29 * DAY), to: dayOf(AT), accounts: [{ uuid: UUID, name: 'Main' }, { uuid: UUID.replace('0', '1'), name: 'Festival shop' }],
  total: sums(2741), waiting: { open: 37, open_poisha: 4123400, review: 2, suspense_poisha: 50000, refunding_poisha: 120000 }, balance_poisha: 1234567890,
  wallets: [['bkash', 1900], ['nagad', 700], ['rocket', 141]].map(([wallet, paid]) => ({ wallet, ...sums(paid) })),
  days: Array.from({ length: 30 }, (_, i) => ({ day: dayOf(AT - (29 - i) * DAY), ...sums(60 + (i * 37) % 70) })),
};
const EMPTY = { ...OVERVIEW, total: sums(0), waiting: { open: 0, open_poisha: 0, review: 0, suspense_poisha: 0, refunding_poisha: 0 }, balance_poisha: 0 };
const item = (i, state, more) => ({ id: String(100000001 + i), uuid: UUID, account: UUID, order_id: `ORDER-2026-${1000 + i}`, wallet: ['bkash', 'nagad', 'rocket'][i % 3],
  state, currency: 'BDT', amount_poisha: 125050 + i * 100, paid_poisha: 0, commission_poisha: 0, credited_poisha: 0, refunded_poisha: 0, payer: null,
  description: null, created_at: AT - i * 36e5, final_at: null, ...more });
const ITEMS = ['open', 'paid', 'review', 'failed', 'cancelled', 'executing'].map((state, i) => item(i, state))
  .concat(item(9, 'paid', { order_id: 'a-very-long-order-number-without-any-blank-in-it-000000000000000000000000000001' }));
const event = (at, name, more = {}) => ({ at, kind: 'event', event: name, actor: 'wallet', from_state: null, to_state: null, of_attempt: true, reason: null, detail: null, ...more });
const PAYMENT = {
  ...item(1, 'paid'), account_name: 'Main', service: 'payment_card_bdt_hpp', paid_poisha: 125150, commission_poisha: 1877, credited_poisha: 123273, payer: '017******45',
  description: 'Jamdani saree', fee_bp: 150, fee_fixed_poisha: 0, customer_ip: '203.0.113.77', customer: { customer_phone: '01711111111' }, language: 'bn',
  success_url: 'https://shop.example/ok', fail_url: null, endpoint_url: null, endpoint_id: '12', expires_at: AT + 9e5, final_at: AT + 65000,
  attempts: [{ number: 1, wallet: 'bkash', state: 'paid', invoice: 'K100000002-1', wallet_ref: 'TR0011abc', trx_id: 'BFD90JRLST', payer: '017******45', reason: null, asks: 0, created_at: AT + 9000, next_ask_at: null }],
  credits: [{ wallet: 'bkash', trx_id: 'BFD90JRLST', amount_poisha: 125150, payer: '017******45', attached: true, seen_at: AT + 65000 }],
  refunds: [{ id: '5', state: 'by_hand', amount_poisha: 10000, trx_id: 'BFD90JRLST', refund_trx_id: null, code: null, reason: 'Wrong colour', actor: 'operator', created_at: AT + DAY, final_at: null }],
  notifications: [{ id: '21', sequence: 1, webhook_id: 'msg_1', payment_status: 'paid', state: 'delivered', tries: 2, parked_reason: null, due_at: null, created_at: AT + 65000, delivered_at: AT + 96000 },
    { id: '22', sequence: 2, webhook_id: 'msg_2', payment_status: 'paid', state: 'parked', tries: 10, parked_reason: 'tries_used_up', due_at: null, created_at: AT + DAY, delivered_at: null }],
  story: [{ at: AT, kind: 'created' }, event(AT + 4000, 'opened', { actor: 'payer' }), event(AT + 9000, 'attempt', { actor: 'payer' }),
    event(AT + 9800, 'create_answer', { reason: 'ok', detail: { code: '0000', message: 'Successful', trx_id: null, duration_ms: 412 } }),
    event(AT + 9801, 'created', { from_state: 'creating', to_state: 'redirected' }),
    event(AT + 60000, 'callback_success', { actor: 'payer', from_state: 'redirected', to_state: 'executing' }),
    event(AT + 65000, 'execute_answer', { reason: 'ok', detail: { code: '0000', message: 'Successful', trx_id: 'BFD90JRLST', duration_ms: 2480 } }),
    event(AT + 65000, 'paid', { from_state: 'executing', to_state: 'paid' }),
    { at: AT + 65000, kind: 'ledger', entry: 'paid', received_poisha: 125150, fee_poisha: 1877, refunded_poisha: 0, suspended_poisha: 0, net_poisha: 123273 },
    { at: AT + 65000, kind: 'notification', sequence: 1, payment_status: 'paid' },
    { at: AT + 66000, kind: 'try', sequence: 1, number: 1, status: 0, duration_ms: 10000, url: 'https://shop.example/kassa/notify', error: 'timeout', reply: null },
    { at: AT + 96000, kind: 'try', sequence: 1, number: 2, status: 200, duration_ms: 84, url: 'https://shop.example/kassa/notify', error: null, reply: '<b>OK</b>' },
    event(AT + DAY, 'refund_request', { actor: 'operator', to_state: 'by_hand', reason: 'Wrong colour', detail: { refund: 5 } })],
  cut: false,
};
const BALANCE = { account: UUID, account_name: 'Main', currency: 'BDT', fee_bp: 150, fee_fixed_poisha: 100, balance_poisha: 1234567890, suspense_poisha: 50000,
  refunding_poisha: 0, from: dayOf(AT - 29 * DAY), to: dayOf(AT), opening_poisha: 1000000000, closing_poisha: 1234567890,
  days: [3, 2, 1].map((ago) => ({ day: dayOf(AT - ago * DAY), entries: 214, received_poisha: 79500000, fee_poisha: 1192500, refunded_poisha: 118537,
    net_poisha: 78188963, balance_poisha: 1234567890 - ago * 1e7 })) };
const LINES = { next: '5', items: [['refund', null], ['suspense', null], ['paid', 1234567890]].map(([entry, balance_poisha], i) => ({ id: String(9 - i), at: AT - i * 6e5, entry,
  payment: '100000002', order_id: 'ORDER-2026-1001', received_poisha: 125150, fee_poisha: 1877, refunded_poisha: 0, suspended_poisha: 0, net_poisha: entry === 'refund' ? -10000 : 123273, balance_poisha })) };
const API = {
  'GET /session': OWNER,
  'GET /overview': ({ query }) => (query.get('account') === 'none' ? EMPTY : OVERVIEW),
  'GET /payments': ({ query }) => (query.get('q') || query.get('status') === 'failed' ? { items: [], next: query.get('q') ? null : '20000.5', searched_to: query.get('q') ? null : dayOf(AT - 9 * DAY) }
    : { items: ITEMS, next: '20781.100000001', searched_to: dayOf(AT) }),
  'GET /payments/100000002': PAYMENT,
  [`GET /accounts/${UUID}/balance`]: BALANCE,
  [`GET /accounts/${UUID}/statement`]: LINES,
};

suite('money in the cabinet', {}, (w) => {
  let cabinet;
  before(async () => { cabinet = await Cabinet.launch(w.payUrl); });
  after(async () => { await cabinet?.end(); });

  it('the pages look right in both languages, on a phone and a desktop, and axe finds nothing', ONCE, async () => {
    await checkPages(cabinet, [
      { name: 'overview', path: '/overview', ready: (c) => c.page.locator('.chart canvas').waitFor({ state: 'attached' }) },
      { name: 'overview-empty', path: '/overview?account=none' },
      { name: 'payments', path: '/payments' },
      { name: 'payments-filtered', path: '/payments?status=failed&least=100' },
      { name: 'payments-none', path: '/payments?q=nowhere' },
      { name: 'payment', path: '/payments/100000002' },
      { name: 'balance', path: '/balance' },
      { name: 'statement', path: `/balance/statement?account=${UUID}` },
    ], API);
  });

  it('T56 a merchant finds a payment by its TrxID, reads its story and sends the notification again', ONCE, async () => {
    const visitor = await accept(w, await invite(w, 'merchant_owner'));
    const payment = await w.create({ order_id: '=SUM(A1)', amount: '250.00' });
    await w.payer(payment).page();
    await w.pay(payment);
    const shown = await w.until(payment, 'a notification that arrived', (p) => p.notifications[0]?.state === 'delivered');
    const c = await cabinet.open({ width: PHONE, acceptDownloads: true });
    await c.signIn(visitor.person.email, PASSWORD);
    await c.page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await c.page.locator('.figure', { hasText: 'Received' }).getByText('৳250.00').waitFor();
    await c.go('/payments', 'Payments');
    const [file] = await Promise.all([c.page.waitForEvent('download'), c.press('export')]);
    assert.match(fs.readFileSync(await file.path(), 'utf8'), /,'=SUM\(A1\),paid,bkash,BDT,250\.00,/);
    await c.fill('q', shown.attempts[0].trx_id);
    await c.press('search');
    await c.page.locator('[data-testid=found] tbody tr').first().click();
    await c.page.getByRole('heading', { level: 1, name: 'Payment =SUM(A1)' }).waitFor();
    for (const step of ['The shop created the payment', 'The payment page was opened', 'The wallet was told to take the money', 'Paid',
      'Notification sent, try 1: HTTP 200']) {
      await c.page.getByTestId('story').getByText(step, { exact: true }).first().waitFor();
    }
    await c.press('send-again');
    await c.page.getByTestId('said').waitFor();
    await w.until(payment, 'a second try', (p) => p.notifications[0].tries === 2 && p.notifications[0].state === 'delivered');
    await c.go('/balance', 'Balance');
    assert.match(await c.page.getByTestId('balance').innerText(), /^৳2\d\d\.\d\d$/);
    await c.page.getByTestId('lines').getByText('=SUM(A1)').waitFor();
    await c.close();
  });
});
