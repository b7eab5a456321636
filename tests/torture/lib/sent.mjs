// Money that payers send to numbers by hand: what a story chooses of it, how it is done, and what must have become of it.
import assert from 'node:assert/strict';
import { formOf } from '../../api/lib/payer.mjs';
import { trxOf } from './phone.mjs';

/** As configured in stage.mjs: so much too much pays, in poisha. */
export const TOLERANCE = 1000;

/** Less than the five minutes before a payment from which on money may be its. */
const STALE_MS = 240000;

const sum = (list) => list.reduce((a, b) => a + b, 0);

// ---- what a story chooses ----

function partsOf(random, amount) {
  const some = Math.max(100, Math.floor(amount * (0.2 + 0.6 * random.next())));
  return random.pick([
    [7, [amount]],
    [4, [some, amount - some]],
    [1, [some, Math.floor((amount - some) / 2), Math.ceil((amount - some) / 2)]],
    [2, [some]],
    [2, [amount + random.int(1, TOLERANCE)]],
    [2, [amount + TOLERANCE + random.int(1, 5000)]],
    [1, [some, amount - some + TOLERANCE + random.int(1, 5000)]],
    [1, [amount, amount]],
  ]);
}

/** How a TrxID is typed, in this order. */
const TYPINGS = [[8, ['right']], [2, ['wrong', 'right']], [1, ['wrong']], [1, []], [2, ['twice']], [2, ['rival', 'right']], [2, ['right', 'rival']],
  [2, ['together']]];
const TELLINGS = [[7, 'soon'], [2, 'twice'], [2, 'late'], [2, 'lost']];

/** What a payer sends: [{amount, trx, end}], of the payment that is its story's n-th. */
export function sentOf(random, payment, n) {
  const end = String(random.int(100, 999));
  return partsOf(random, Number(payment.amount.replace('.', ''))).map((amount, k) => ({ amount, trx: trxOf(payment.wallet, n * 10 + k), end }));
}

export function stepsOfSent(random, payments, number) {
  const { wallet, sent } = payments[number];
  const rivals = payments.map((p, i) => i).filter((i) => i !== number && payments[i].wallet === wallet);
  const steps = [];
  const late = [];
  sent.forEach((one, part) => {
    const of = { number, part };
    const typing = random.pick(TYPINGS);
    const types = typing.map((how) => ({ do: 'type', ...of, how,
      ...(['rival', 'together'].includes(how) && { by: rivals.length ? rivals[random.int(0, rivals.length - 1)] : number }) }));
    const how = random.pick(TELLINGS);
    const tell = how === 'lost' ? [] : [{ do: 'tell', ...of, twice: how === 'twice' }];
    const trxFirst = random.chance(typing.includes('rival') || typing.includes('together') ? 0.7 : 0.4);
    const now = how === 'late' ? [] : tell;
    steps.push({ do: 'money', ...of }, ...(trxFirst ? [...types, ...now] : [...now, ...types]));
    late.push(...(how === 'late' ? tell : []));
  });
  if (random.chance(0.15)) {
    late.push({ do: 'sync', wallet, backwards: random.chance(0.5) });
  }
  return [...steps, ...late];
}

/** Lies about money, and who hopes for it. `n` is the n-th lie of the story. */
export function stepsOfLie(random, payments, n) {
  const victims = payments.map((p, i) => i).filter((i) => payments[i].way !== 'page');
  if (!victims.length) {
    return [];
  }
  const number = victims[random.int(0, victims.length - 1)];
  const { wallet, amount } = payments[number];
  const kind = random.pick([[1, 'stranger'], [1, 'lookalike'], [3, 'spoofed'], [1, 'injected'], [2, 'twin']]);
  const trx = trxOf(wallet, 900 + n);
  const lie = { do: 'lie', number, kind, trx, amount: Number(amount.replace('.', '')), end: '313', carrier: trxOf(wallet, 950 + n) };
  const hope = { do: 'hope', number, trx, end: '313' };
  return random.chance(0.5) ? [hope, lie] : [lie, hope];
}

// ---- how it is done: steps of Play ----

const oneOf = (of, { part }) => of.plan.sent[part].done;

/** The answer's place, or undefined where the page has no such form. */
async function typeAt(of, trx, end) {
  const { payer, url } = of.payment;
  const { text } = await payer.send('GET', `${url}?way=number`);
  if (!formOf(text, 'trx-send')) {
    return undefined;
  }
  const answer = await payer.press('trx-send', { html: text, extra: [['trx_id', trx], ['payer', end]] });
  assert.ok(answer.status < 500, `${of.plan.order_id}: a TrxID was answered ${answer.status}`);
  return answer.headers.location;
}

async function typeRight(of, one) {
  const early = !one.told;
  one.perhaps.add(of);
  const place = await typeAt(of, one.trx, one.end);
  if (place && !place.includes('trx=')) {
    one.typed.add(of);
    if (early) {
      one.waited.add(of);
    }
  }
}

export const STEPS = {
  money(play, of, step) {
    const plan = of.plan.sent[step.part];
    plan.done ??= play.phones[of.plan.wallet].receive(plan);
  },

  async tell(play, of, step) {
    const phone = play.phones[of.plan.wallet];
    const one = oneOf(of, step);
    await Promise.all(Array.from({ length: step.twice ? 2 : 1 }, () => phone.tell(one)));
  },

  async type(play, of, step) {
    const one = oneOf(of, step);
    const by = step.by === undefined ? of : play.all[step.by];
    if (!by.payment) {
      await play.create(by, {});
    }
    if (step.how === 'wrong') {
      const place = await typeAt(of, one.trx, '000');
      assert.ok(!place?.includes('trx=unusable'), `${one.trx}: who types other digits learns that it is there`);
      return;
    }
    const who = { rival: [by], together: [of, by], twice: [of, of] }[step.how] ?? [of];
    await Promise.all(who.map((payer) => typeRight(payer, one)));
  },

  async sync(play, of, step) {
    await play.phones[step.wallet].sync(step.backwards);
  },

  async lie(play, of, step) {
    const phone = play.phones[of.plan.wallet];
    if (step.kind === 'injected') {
      const one = phone.received.find((r) => r.trx === step.carrier) ??
        phone.receive({ trx: step.carrier, amount: 500, end: step.end, reference: step.trx });
      await phone.tell(one);
      return;
    }
    const twin = step.kind === 'twin' && phone.received.findLast((one) => one.told && !one.unread);
    if (twin) {
      twin.twin = true;
      await phone.lie('twin', { trx: twin.trx, amount: twin.amount + step.amount, end: twin.end });
    } else {
      await phone.lie(step.kind, step);
    }
  },

  async hope(play, of, step) {
    await typeAt(of, step.trx, step.end);
  },
};

/** What a stop of kassad may have swallowed, and is done again. */
export const DONE_AGAIN = new Set(['tell', 'type', 'sync', 'lie', 'hope', 'notice']);

/** All phones look through their inboxes, and who was refused because of what was not told yet types again. */
export async function catchUp(play) {
  for (const phone of Object.values(play.phones)) {
    await phone.sync(play.story.backwards);
  }
  for (const of of play.all) {
    for (const { done: one } of of.plan.sent ?? []) {
      if (one?.perhaps.has(of) && !one.typed.has(of) && of.plan.persists) {
        await typeRight(of, one);
      }
    }
  }
}

/** Who knows another's TrxID and digits types them when they have paid already. */
export async function stealClaimed(play) {
  const rows = await play.look.rows("SELECT trx_id, payment_id FROM number_credit WHERE state = 'claimed' AND amount % 3 = 0 ORDER BY id");
  for (const row of rows) {
    const owner = play.all.find((of) => of.payment?.id === row.payment_id);
    const thief = play.all.find((of) => of !== owner && of.payment && of.plan.wallet === owner.plan.wallet);
    const one = play.phones[owner.plan.wallet].received.find((r) => r.trx === row.trx_id);
    const place = thief && one && await typeAt(thief, one.trx, one.end);
    assert.ok(!place || place.includes('trx=unusable'), `${one?.trx} of ${owner.plan.order_id} is taken from ${thief?.plan.order_id} too: ${place}`);
  }
}

/** A person reads the wallet's own list wherever a text was not understood, and what follows is free. */
export async function mend(play) {
  for (const phone of Object.values(play.phones)) {
    for (const one of phone.received.filter((r) => r.unread)) {
      await play.w.cli.run(['number', 'balance', phone.id, '--balance', (one.balance / 100).toFixed(2), '--reason', 'as the wallet shows it']);
    }
  }
}

/** Money that nobody asked for, whose payer has called: one person finds the order, another looks too. */
export async function attachReceived(play) {
  const { received } = await play.w.cli.json(['received', 'list']);
  const states = new Map((await play.look.rows('SELECT order_id, state FROM payment')).map((row) => [row.order_id, row.state]));
  for (const row of received) {
    const of = play.all.find((o) => o.plan.person && o.plan.amount === row.amount && o.plan.sent?.some((s) => s.done?.trx === row.trx_id));
    if (!of || !['open', 'cancelled', 'failed'].includes(states.get(of.plan.order_id)) || of.attached) {
      continue;
    }
    of.attached = true;
    const args = [row.id, '--payment', of.payment.id, '--reason', 'the payer called'];
    await play.w.cli.run(['received', 'attach', ...args], { env: { SUDO_USER: 'one' } });
    await play.w.cli.run(['received', 'confirm', ...args], { env: { SUDO_USER: 'two' } });
    play.phones[of.plan.wallet].received.find((one) => one.trx === row.trx_id).byPerson = of;
  }
}

// ---- what must have become of it ----

function checkClaim(one, row, credits, name) {
  assert.equal(credits.length, row.state === 'claimed' ? 1 : 0, `${name} is ${row.state}, and in the books ${credits.length} times`);
  if (row.state === 'claimed') {
    const [{ of, amount, payment }] = credits;
    assert.deepEqual([amount, payment], [one.amount, row.payment_id], `${name}: what is in the books`);
    assert.ok(one.perhaps.has(of) || one.byPerson === of, `${name} pays ${of.plan.order_id}, who never typed it with its payer's digits`);
    assert.ok(!one.unread, `${name} was read though it imitates another`);
  }
}

/** Of several who waited for it nobody is believed, unless the others had paid, or came long after it. */
function checkRivals(one, credits, states, name) {
  const [claim] = credits;
  const rivals = [...one.waited].filter((of) => of !== claim?.of && states.get(of.plan.order_id) !== 'paid' && of.createdAt < one.at + STALE_MS);
  assert.ok(!one.waited.has(claim?.of) || one.byPerson || rivals.length === 0,
    `${name} pays ${claim?.of.plan.order_id}, though ${rivals.map((of) => of.plan.order_id)} waited for it too`);
}

/** Of one who typed it, and nobody else, and no lie about it: it is his, unless he had paid otherwise. */
function checkFound(one, row, states, name) {
  const [of] = one.typed;
  if (one.typed.size !== 1 || one.perhaps.size !== 1 || one.twin || one.byPerson) {
    return;
  }
  assert.ok(row.state === 'claimed' || (row.state === 'free' && states.get(of.plan.order_id) === 'paid'),
    `${name} is ${row.state} (${row.reason}), though ${of.plan.order_id} told of it`);
}

/**
 * Each taka that a number received is in the books once, or free, or waits for a person; no other is. Gives by wallet what is not
 * in the books. `credits`: of all payments, [{of, trx, number, amount, payment}].
 */
export async function checkSent(play, credits) {
  const rows = await play.look.rows('SELECT number_id, trx_id, amount, state, reason, payment_id FROM number_credit');
  const states = new Map((await play.look.rows('SELECT order_id, state FROM payment')).map((row) => [row.order_id, row.state]));
  const free = {};
  for (const [wallet, phone] of Object.entries(play.phones)) {
    const told = new Map(rows.filter((row) => row.number_id === phone.id).map((row) => [row.trx_id, row]));
    free[wallet] = 0;
    for (const one of phone.received) {
      const name = `${wallet}'s TrxID ${one.trx} of ${one.amount} poisha`;
      const row = told.get(one.trx) ?? { state: 'none' };
      assert.equal(row.state === 'none', one.unread, `${name} is ${row.state}`);
      assert.ok(one.unread || row.amount === one.amount, `${name} is told as ${row.amount}`);
      checkClaim(one, row, credits.filter((c) => c.number === phone.id && c.trx === one.trx), name);
      checkRivals(one, credits.filter((c) => c.number === phone.id && c.trx === one.trx), states, name);
      checkFound(one, row, states, name);
      free[wallet] += row.state === 'claimed' ? 0 : one.amount;
      told.delete(one.trx);
    }
    for (const row of told.values()) {
      assert.equal(row.state, 'review', `${wallet}'s TrxID ${row.trx_id} is a lie, and ${row.state}`);
    }
    const real = new Set(phone.received.map((one) => one.trx));
    assert.deepEqual(credits.filter((c) => c.number === phone.id && !real.has(c.trx)).map((c) => c.trx), [], `${wallet}: credits of lies`);
  }
  return free;
}

/** Who had sent enough before the end is not told that he had not, unless a person said so. */
export async function checkEnough(play, decided) {
  const rows = await play.look.rows(`SELECT order_id, state FROM payment p WHERE state IN ('cancelled', 'failed') AND amount <=
    (SELECT sum(amount) FROM credit c WHERE c.payment_id = p.id AND c.seen_at < p.final_at)`);
  assert.deepEqual(rows.filter((row) => !decided.has(row.order_id)), [], 'ended unpaid, though all of it had come');
}

// ---- money that goes back ----

/** By one person, who sends it from the number's app, and another who has seen it there; or it was not sent; or nobody looks. */
export async function refundByHand(play, of, { credit, amount, trx, plan }) {
  const as = (person, args) => play.w.cli.json(['refund', ...args], { env: { SUDO_USER: person } });
  const asked = await as('one', [of.payment.id, '--trx-id', credit.trx_id, '--amount', (amount / 100).toFixed(2), '--reason', 'returned']);
  assert.equal(asked.state, 'by_hand', of.plan.order_id);
  if (!plan.fault) {
    play.phones[of.plan.wallet].give({ trx, amount });
    await as('two', ['settle', asked.id, '--done', '--trx-id', trx, '--reason', 'in the app']);
  } else if (plan.fault !== 'delay') {
    await as('one', ['settle', asked.id, '--not-done', '--reason', 'not sent']);
  }
}

export function checkGiven(play, of, refunds) {
  const { given } = play.phones[of.plan.wallet];
  const done = refunds.filter((r) => r.state === 'done').map((r) => [r.refund_trx_id, Number(r.amount.replace('.', ''))]);
  assert.deepEqual(done, done.map(([trx]) => [trx, given.get(trx)]), `${of.plan.order_id}: what went back by hand`);
}

/** What a number has, but for what it had at the beginning. */
export const inPhones = (play, wallet) => sum(play.phones[wallet].received.map((one) => one.amount)) - sum([...play.phones[wallet].given.values()]);
