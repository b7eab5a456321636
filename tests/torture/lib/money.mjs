// A story's end: time passes until nothing moves, people decide, money goes back, and then every book must say the same.
import assert from 'node:assert/strict';
import { request } from '../../api/lib/http.mjs';
import { verifyNotification, webhookFits } from '../../api/lib/notify.mjs';
import { sleep } from '../../api/lib/process.mjs';
import { audit } from './books.mjs';
import { trxOf } from './phone.mjs';
import { attachReceived, checkEnough, checkGiven, checkSent, inPhones, mend, refundByHand, TOLERANCE } from './sent.mjs';
import { showAll } from './shown.mjs';
import { LIED_AMOUNT, TOO_LATE_MS } from './story.mjs';

const poisha = (text) => Number(BigInt(text.replace('.', '')));
const sum = (list) => list.reduce((a, b) => a + b, 0);
const LIE = poisha(LIED_AMOUNT);
const FINAL = { paid: 'paid', cancelled: 'cancel', failed: 'fail' };
const ROUNDS_FIRST = [15, 45, 130, 900];
const ROUNDS_MAX = 45;
/** So long what is due may take, with a wallet's answer that gets lost, before more time passes. */
const LOOKS_MAX = 60;
const LOOK_MS = 15;

/** Those that are in one of these states. */
async function inState(play, some, states) {
  const rows = await play.look.rows('SELECT order_id, state FROM payment');
  const now = new Map(rows.map((row) => [row.order_id, row.state]));
  return some.filter((of) => states.includes(now.get(of.plan.order_id)));
}

/** What is not at its end, and whether that is due already (`due`) or when time has passed. */
const MOVING = (now) => `
  SELECT order_id, max(CASE WHEN due THEN 1 ELSE 0 END) AS due FROM (
    SELECT id, state = 'executing' OR expires_at <= ${now} AS due FROM payment WHERE state IN ('open', 'executing')
    UNION ALL SELECT payment_id, state IN ('creating', 'executing') OR next_ask_at <= ${now} FROM attempt
      WHERE state IN ('creating', 'executing', 'unknown') OR next_ask_at <= ${now}
    UNION ALL SELECT payment_id, state <> 'unknown' OR next_ask_at <= ${now} FROM refund WHERE state IN ('requested', 'sent', 'unknown')
    UNION ALL SELECT payment_id, 1 = 1 FROM wallet_notice WHERE look_at <= ${now} AND payment_id IS NOT NULL
    UNION ALL SELECT payment_id, due_at <= ${now} OR lease_owner IS NOT NULL FROM outbox WHERE state = 'waiting'
  ) AS moving JOIN payment ON payment.id = moving.id GROUP BY order_id`;

/** Time passes until nothing moves by itself any more; in any case so much that Nagad was asked. */
export async function rest(play) {
  let left = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const now = await play.stage.advance(ROUNDS_FIRST[round] ?? 3700);
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      await sleep(LOOK_MS);
      left = await play.look.rows(MOVING(now));
      if (!left.some((one) => one.due)) {
        break;
      }
    }
    if (!left.length && round >= ROUNDS_FIRST.length) {
      return;
    }
  }
  assert.fail(`${left.length} payments do not come to rest: ${JSON.stringify(left)}`);
}

// ---- what the wallets have ----

async function bkashRefunds(w, taken) {
  const post = (at, headers, body) => request('POST', `${w.simUrl}${at}`, {
    headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const app = 'kassa-sandbox-key';
  const { json: { id_token } } = await post('/v1.2.0-beta/tokenized/checkout/token/grant',
    { username: 'kassa-sandbox', password: 'kassa-sandbox-password' }, { app_key: app, app_secret: 'kassa-sandbox-secret' });
  for (const one of taken) {
    const answer = await post('/v2/tokenized-checkout/refund/payment/status', { Authorization: id_token, 'X-App-Key': app },
      { paymentId: one.ref, trxId: one.trx });
    assert.equal(answer.status, 200, answer.text);
    one.refunds = answer.json.refundTransactions.map((r) => ({ trx: r.refundTrxId, amount: poisha(r.refundAmount) }));
  }
}

/** By wallet: what it took, each with its invoice, and what it gave back. */
export async function atWallets(play) {
  const { w, nagad, rocket } = play;
  const bkash = await w.sim.control('GET', 'payments?limit=1000');
  const nagads = await w.sim.control('GET', 'nagad/payments');
  const rockets = (await rocket.sim.control('GET', 'rocket/payments')).payments;
  const all = {
    bkash: bkash.payments.filter((p) => p.state === 'completed')
      .map((p) => ({ ref: p.payment_id, invoice: p.invoice, trx: p.trx_id, amount: poisha(p.amount), refunds: [] })),
    nagad: nagads.payments.filter((p) => ['Success', 'PartialRefunded', 'Refunded'].includes(p.status))
      .map((p) => ({ ref: p.payment_ref_id, invoice: p.order_id, trx: p.issuer_payment_ref, amount: poisha(p.amount),
        refunds: p.cancels ? [{ trx: p.cancel_ref, amount: poisha(p.cancelled_amount), count: p.cancels }] : [] })),
    rocket: rockets.filter((p) => p.state === 'OK')
      .map((p) => ({ ref: p.trans_id, invoice: p.invoice, trx: p.rrn, amount: poisha(p.amount), refunds: [] })),
  };
  await bkashRefunds(w, all.bkash);
  assert.equal(sum(all.bkash.map((t) => t.amount)), poisha(bkash.totals.completed_amount), 'the list of bKash and its totals');
  assert.equal(sum(all.nagad.map((t) => t.amount)), poisha(nagads.totals.paid_amount), 'the list of Nagad and its totals');
  assert.ok(bkash.totals.executes_max <= 1, 'no execute was sent twice');
  return { taken: all, credentials: { bkash: w.credential.id, nagad: nagad.credential.id, rocket: rocket.credential.id } };
}

// ---- what people do, who look at the wallet first ----

export async function decide(play) {
  const { w } = play;
  const { taken } = await atWallets(play);
  await mend(play);
  await attachReceived(play);
  const some = await inState(play, play.all.filter((of) => of.plan.person), ['review', 'cancelled', 'failed']);
  const shown = await showAll(play.look, some);
  for (const [i, of] of some.entries()) {
    const p = shown[i];
    const kept = p.credits.findLast((c) => !c.attached && c.amount !== LIED_AMOUNT);
    const known = new Set(p.credits.map((c) => c.trx_id));
    const found = p.attempts.filter((a) => a.state === 'review').map((a) => taken[of.plan.wallet].find((t) => t.invoice === a.invoice))
      .find((t) => t && !known.has(t.trx));
    if (p.state === 'review') {
      const paid = kept ? [kept.amount, kept.trx_id] : found && [(found.amount / 100).toFixed(2), found.trx];
      await w.settle(of.payment, ['--reason', 'the statement says so',
        ...(paid ? ['--paid', '--amount', paid[0], '--trx-id', paid[1]] : ['--not-paid'])]);
    } else if (kept) {
      await w.cli.run(['credit', 'attach', kept.id, '--reason', 'the goods were sent']);
    }
  }
}

/** The wallets that give money back when asked, and by which call. */
const REFUND_OPS = { bkash: 'refund', nagad: 'nagad_cancel' };

const UNDER_WAY = new Set(['requested', 'sent', 'unknown', 'review', 'by_hand']);

/** Sends back a part of what is left of one of the credits that paid. */
async function refundOne(play, of, shown, n) {
  const plan = of.plan.refunds[n];
  const attempt = shown.attempts.find((a) => a.state === 'paid');
  const attached = shown.credits.filter((c) => c.attached);
  const credit = attached[(plan.percent + n) % attached.length];
  const paid = poisha(credit.amount);
  const back = sum(shown.refunds.filter((r) => r.state === 'done' && r.trx_id === credit.trx_id).map((r) => poisha(r.amount)));
  const amount = Math.min(paid - back, Math.ceil((paid * plan.percent) / 100));
  if (amount < 100 || shown.refunds.some((r) => UNDER_WAY.has(r.state))) {
    return;
  }
  if (credit.credential === play.phones[of.plan.wallet].id) {
    await refundByHand(play, of, { credit, amount, plan, trx: trxOf(of.plan.wallet, 500 + play.all.indexOf(of) * 2 + n) });
    return;
  }
  const op = REFUND_OPS[of.plan.wallet];
  if (!op || credit.trx_id !== attempt?.trx_id) {
    return;
  }
  if (plan.fault) {
    await play.w.sim.fault(op, plan.fault, { payment_id: attempt.wallet_ref, ...(plan.fault === 'delay' && { value: TOO_LATE_MS }) });
  }
  await play.w.cli.json(['refund', of.payment.id, '--trx-id', credit.trx_id, '--reason', 'returned', '--amount', (amount / 100).toFixed(2)]);
}

export async function refund(play, n) {
  const { w } = play;
  const some = await inState(play, play.all.filter((of) => of.plan.refunds[n]), ['paid']);
  const shown = await showAll(play.look, some);
  for (const [i, of] of some.entries()) {
    await refundOne(play, of, shown[i], n);
  }
  if (n === 0 && play.story.refundKill !== undefined) {
    await sleep(play.story.refundKill);
    await play.stage.kill();
    await w.startKassad();
  }
}

// ---- the books ----

const byPerson = (shown) => shown.events.some((e) => !['payer', 'wallet', 'clock', 'merchant'].includes(e.actor));

/** What the wallet took of this payment at its page is what was credited, or waits for a person; each taka once. */
function checkTaken(of, shown, taken, credential) {
  const name = of.plan.order_id;
  const invoices = new Map(shown.attempts.map((a) => [a.invoice, a]));
  const mine = taken.filter((t) => invoices.has(t.invoice));
  const credits = new Map(shown.credits.filter((c) => c.credential === credential).map((c) => [c.trx_id, c]));
  assert.equal(new Set(shown.credits.map((c) => c.trx_id)).size, shown.credits.length, `${name}: a TrxID counts once`);
  let waiting = 0;
  for (const t of mine) {
    const credit = credits.get(t.trx);
    if (credit) {
      // only a person takes what the wallet said for what it took, together with what came to the number
      const told = of.lies.has(t.ref) && (!credit.attached || byPerson(shown)) ? [t.amount, LIE] : [t.amount];
      assert.ok(told.includes(poisha(credit.amount)), `${name}: ${t.trx} is credited with ${credit.amount}, ${t.amount} poisha were taken`);
      waiting += t.amount - poisha(credit.amount);
    } else {
      assert.equal(invoices.get(t.invoice).state, 'review', `${name}: ${t.trx}, ${t.amount} poisha, is neither credited nor under review`);
      waiting += t.amount;
    }
    credits.delete(t.trx);
  }
  assert.deepEqual([...credits.keys()], [], `${name}: credits of money that the wallet does not have`);
  return { mine, waiting };
}

/** Paid by the whole sum in one way, and by nothing besides; only a person may find otherwise. */
function checkAttached(of, shown, credential) {
  const name = `${of.plan.order_id} is ${shown.state}`;
  const attached = shown.credits.filter((c) => c.attached);
  const page = attached.filter((c) => c.credential === credential);
  const all = sum(attached.map((c) => poisha(c.amount)));
  assert.equal(attached.length > 0, shown.state === 'paid', `${name}: its attached credits`);
  assert.ok(page.length <= 1, `${name}: paid twice at the wallet's page`);
  if (shown.state === 'paid' && !byPerson(shown)) {
    const most = poisha(shown.amount) + (page.length ? 0 : TOLERANCE);
    assert.ok(page.length === 0 || attached.length === 1, `${name}: paid in both ways`);
    assert.ok(all >= poisha(shown.amount) && all <= most, `${name}, with ${all} poisha of ${shown.amount}`);
  }
}

/** Of a wallet that lists each refund. Gives what it gave back and a person must look at. */
function checkListed(name, done, given, doubtful) {
  const of = new Map(done.map((r) => [r.refund_trx_id, poisha(r.amount)]));
  const unknown = given.filter((r) => !of.has(r.trx));
  assert.ok(given.filter((r) => of.has(r.trx)).every((r) => of.get(r.trx) === r.amount), `${name}: refunds of the same amount`);
  assert.equal(given.length - unknown.length, of.size, `${name}: refunds done that the wallet did not give`);
  assert.ok(unknown.length <= doubtful.length, `${name}: the wallet gave back what is neither done nor under review`);
  return sum(unknown.map((r) => r.amount));
}

/** Of Nagad, which tells the sum and the last one alone. */
function checkSummed(name, done, [given], doubtful) {
  const more = (given?.amount ?? 0) - sum(done.map((r) => poisha(r.amount)));
  assert.ok(more >= 0, `${name}: refunds done that Nagad did not give`);
  assert.ok(more === 0 || doubtful.some((r) => poisha(r.amount) === more), `${name}: Nagad gave back ${more} poisha more than is done`);
  assert.ok((given?.count ?? 0) <= done.length + doubtful.length, `${name}: Nagad gave back more often than it was asked`);
  return more;
}

function checkRefunds(play, of, shown, mine, sent) {
  const name = of.plan.order_id;
  const all = shown.refunds;
  assert.equal(new Set(all.filter((r) => r.state === 'done').map((r) => r.refund_trx_id)).size, all.filter((r) => r.state === 'done').length,
    `${name}: each refund has its own TrxID`);
  for (const credit of shown.credits) {
    const back = sum(all.filter((r) => r.trx_id === credit.trx_id && r.state !== 'declined').map((r) => poisha(r.amount)));
    assert.ok(back <= poisha(credit.amount), `${name}: ${back} poisha go back of ${credit.amount}`);
  }
  const byWallet = all.filter((r) => mine.some((t) => t.trx === r.trx_id));
  checkGiven(play, of, all.filter((r) => !byWallet.includes(r)));
  const done = byWallet.filter((r) => r.state === 'done');
  const doubtful = byWallet.filter((r) => r.state === 'review');
  assert.ok(sent <= byWallet.length, `${name}: ${sent} refunds were sent of ${byWallet.length}`);
  const given = mine.flatMap((t) => t.refunds);
  return (of.plan.wallet === 'nagad' ? checkSummed : checkListed)(name, done, given, doubtful);
}

function checkPostings(of, shown) {
  const by = (ledger, owner) => sum(shown.postings.filter((p) => p.ledger === ledger && (owner === undefined || p.owner === owner))
    .map((p) => poisha(p.amount)));
  const late = sum(shown.credits.filter((c) => !c.attached).map((c) => poisha(c.amount)));
  assert.equal(by('suspense') + late, 0, `${of.plan.order_id}: what is in suspense is what is not attached`);
  const paid = sum(shown.credits.filter((c) => c.attached).map((c) => poisha(c.amount)));
  const back = sum(shown.refunds.filter((r) => r.state !== 'declined').map((r) => poisha(r.amount)));
  assert.equal(by('merchant_payable') + by('our_fee') + paid - back, 0, `${of.plan.order_id}: what the merchant is owed, and the fee`);
  return (owner) => by('wallet_clearing', owner);
}

async function checkStatus(play, of, shown) {
  const status = await play.w.status(of.payment);
  assert.equal(status.payment_status, FINAL[shown.state] ?? 'wait', of.plan.order_id);
  const done = sum(shown.refunds.filter((r) => r.state === 'done').map((r) => poisha(r.amount)));
  assert.equal(poisha(status.refunded_amount ?? '0.00'), done, `${of.plan.order_id}: what went back`);
  return status;
}

/** Of every end its merchant was told, in order, and lastly what is so. */
function checkTold(play, of, shown, status) {
  const { w } = play;
  const name = of.plan.order_id;
  const notes = w.receiver.of('/notify').filter((note) => JSON.parse(note.text).order_id === name);
  const heard = new Map(notes.map((note) => [note.headers['webhook-id'], note]));
  assert.equal(heard.size, shown.notifications.length, `${name}: notifications heard and written down`);
  assert.ok(!FINAL[shown.state] || heard.size > 0, `${name} is ${shown.state} and was not told`);
  assert.ok(notes.every((note) => note.text === heard.get(note.headers['webhook-id']).text), `${name}: the tries are the same`);
  assert.ok(notes.every((note) => webhookFits(note, 'POST_JSON', w.account.endpoint.secret)), `${name}: signatures`);
  const row = [...heard.values()];
  assert.deepEqual(row.map((n) => Number(n.headers['webhook-sequence'])), row.map((_, i) => i + 1), `${name}: the order of what was told`);
  if (FINAL[shown.state]) {
    const last = verifyNotification(row.at(-1), { mode: 'POST_JSON', publicKey: w.certs.notifications.publicKey });
    assert.deepEqual([last.payment_status, last.payment_amount], [status.payment_status, status.payment_amount ?? '0.00'],
      `${name}: what was told last`);
  }
}

/** What bKash's webhook was answered 200 for is kept once; what nobody could have sent is not kept. */
async function checkNotices(play) {
  const rows = await play.look.rows('SELECT message_id FROM wallet_notice');
  assert.deepEqual(rows.map((r) => r.message_id).sort(), [...play.notices.taken].sort(), 'what the webhook was told');
}

/** An answer of another invoice is for a person, where kassad lived to read it. */
function checkStrange(play, of, shown, calls) {
  if (byPerson(shown) || play.story.steps.some((step) => step.killAfterMs !== undefined)) {
    return;
  }
  const told = new Set(calls.filter((c) => c.fault === 'invoice' && of.strange.has(c.payment_id)).map((c) => c.payment_id));
  assert.deepEqual(shown.attempts.filter((a) => a.state === 'paid' && told.has(a.wallet_ref)), [],
    `${of.plan.order_id}: paid by an answer of another invoice`);
}

const WALLETS = ['bkash', 'nagad', 'rocket'];
const zero = () => Object.fromEntries(WALLETS.map((wallet) => [wallet, 0]));

/** Throws unless all books agree; gives the figures. */
export async function checkMoney(play) {
  const { taken, credentials } = await atWallets(play);
  const shown = await showAll(play.look, play.all);
  const { calls } = await play.w.sim.control('GET', 'calls?limit=20000');
  const refunds = calls.filter((c) => Object.values(REFUND_OPS).includes(c.op));
  const [held, numbers, waiting, seen] = [zero(), zero(), zero(), zero()];
  for (const [i, of] of play.all.entries()) {
    const { wallet } = of.plan;
    const { mine, waiting: review } = checkTaken(of, shown[i], taken[wallet], credentials[wallet]);
    checkAttached(of, shown[i], credentials[wallet]);
    checkStrange(play, of, shown[i], calls);
    const sent = refunds.filter((c) => mine.some((t) => t.ref === c.payment_id)).length;
    const doubtful = checkRefunds(play, of, shown[i], mine, sent);
    const clearing = checkPostings(of, shown[i]);
    held[wallet] += clearing(credentials[wallet]);
    numbers[wallet] += clearing(play.phones[wallet].id);
    waiting[wallet] += review - doubtful;
    seen[wallet] += mine.length;
    checkTold(play, of, shown[i], await checkStatus(play, of, shown[i]));
  }
  const free = await checkSent(play, shown.flatMap((p, i) => p.credits.map((c) => (
    { of: play.all[i], trx: c.trx_id, number: c.credential, amount: poisha(c.amount), payment: p.id }))));
  for (const wallet of WALLETS) {
    assert.equal(seen[wallet], taken[wallet].length, `${wallet} took money of no payment of the story`);
    const has = sum(taken[wallet].map((t) => t.amount - sum(t.refunds.map((r) => r.amount))));
    assert.equal(has, held[wallet] + waiting[wallet], `what ${wallet} holds, and what the ledger says and people must look at`);
    assert.equal(inPhones(play, wallet), numbers[wallet] + free[wallet], `what ${wallet}'s number received, and what the ledger says and nobody claimed`);
  }
  await checkEnough(play, new Set(shown.filter(byPerson).map((p) => p.order_id)));
  await checkNotices(play);
  await audit(play.w);
  return figures(shown, held, numbers, free);
}

function figures(shown, held, numbers, free) {
  const count = (list, of) => list.filter((x) => x.state === of).length;
  const refunds = shown.flatMap((p) => p.refunds);
  const states = ['paid', 'cancelled', 'failed', 'review'].map((s) => `${count(shown, s)} ${s}`).join(', ');
  const late = shown.flatMap((p) => p.credits).filter((c) => !c.attached).length;
  return `${states}, ${late} late credits, ${count(refunds, 'done')} of ${refunds.length} refunds done, ` +
    `held ${Object.values(held).join('+')}, at numbers ${Object.values(numbers).join('+')} and unclaimed ${Object.values(free).join('+')} poisha`;
}
