// A phone that lies, as one does whose key is stolen: it tells a TrxID before the phone that got the money. Numbers and ids are made up.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { TEXTS, addNumber } from './lib/number.mjs';

suite('a phone that lied', { config: { ways: { bkash: 'number' } } }, (w) => {
  let honest, liar, trx = 1000;
  const next = () => `DK61AA${trx += 1}`;
  const as = (person, args) => w.cli.json(args, { env: { SUDO_USER: person } });
  const open = async (trxId) => (await w.cli.json(['received', 'list'])).received.find((r) => r.trx_id === trxId);
  const held = async (trxId) => (await w.cli.json(['sms', 'list'])).sms.find((s) => s.trx_id === trxId && s.state === 'conflict');
  const status = async (payment) => {
    const { payment_status: text, payment_amount: amount } = await w.status(payment);
    return [text, amount];
  };
  const type = (payment, trxId) => w.payer(payment).press('trx-send', { extra: [['trx_id', trxId], ['payer', '111']] });
  /** The liar knows its number's balance, so that its chain shows nothing. */
  let balance = 1000;
  const lie = async (trxId, amount, at = Date.now()) => {
    balance += amount;
    const text = TEXTS.bkash(amount, trxId, balance, at).replace('01711111111', '01755555555');
    return liar.send([{ sender: 'bKash', text, at: Date.now(), sim: 'sim1' }]);
  };
  const enabled = (yes) => w.cli.run(['device', yes ? 'enable' : 'disable', liar.device.id]);
  const day = () => w.cli.json(['reconcile', '--date', new Date(Date.now() + 6 * 3600 * 1000).toISOString().slice(0, 10)]);
  before(async () => {
    honest = await addNumber(w, 'bkash', '01711111117');
    liar = await addNumber(w, 'bkash', '01711111116');
    await honest.alive();
  });

  it('T25 the true SMS is held, and two persons put it in the place of the lie: who waits is paid, and the books are right', async () => {
    const id = next();
    const payment = await w.create({ amount: '500.00' });
    const at = Date.now(); // the text tells its minute
    assert.equal((await lie(id, 900, at)).credit, 1);
    assert.equal((await type(payment, id)).status, 303);
    assert.equal((await honest.report(500, id)).conflict, 1);
    const lied = await open(id), truth = await held(id);
    assert.deepEqual([lied.state, lied.reason, lied.amount, truth.number], ['review', 'trxid_told_twice', '900.00', honest.id]);
    assert.deepEqual(await status(payment), ['wait', null]);
    const confirm = (person, more) => as(person, ['received', 'confirm', lied.id, '--reason', 'the statement has 500.00', ...more]);
    const all = ['--void', '--sms', truth.id];
    await as('one', ['received', 'void', lied.id, '--sms', truth.id, '--reason', 'the statement has 500.00']);
    assert.deepEqual([(await open(id)).asked_void, (await open(id)).asked_sms], [true, truth.id]);
    await assert.rejects(confirm('one', all), /another person/);
    await assert.rejects(confirm('two', []), /--void and --sms must say what was asked for/);
    await assert.rejects(confirm('two', ['--void']), /--void and --sms must say what was asked for/);
    await assert.rejects(confirm('two', all), /may still tell: kassa device disable/);
    await enabled(false);
    await confirm('two', all);
    assert.deepEqual(await status(payment), ['paid', '500.00']);
    assert.equal(await open(id), undefined);
    assert.deepEqual((await w.cli.json(['sms', 'list'])).sms, []);
    await w.audit();
    const report = await day();
    assert.deepEqual(report.differences, []);
    const [till] = report.tills.filter((t) => t.credits > 0);
    assert.deepEqual([till.name, till.credited, till.ledger, till.told_sum], ['01711111117', '500.00', '500.00', '500.00']);
    // it never counts again, whoever asks, and whatever the phone tells
    for (const verb of ['release', 'mark', 'void']) {
      await assert.rejects(as('one', ['received', verb, lied.id, '--reason', 'again']), /void already/, verb);
    }
    const other = await w.create({ amount: '900.00' });
    await assert.rejects(as('one', ['received', 'attach', lied.id, '--payment', other.id, '--reason', 'again']), /void already/);
    await enabled(true);
    balance -= 900;
    assert.equal((await lie(id, 900, at)).same, 1);
    assert.equal(await open(id), undefined);
  });

  it('T25 before the true SMS came: the TrxID may be told anew', async () => {
    const id = next();
    await lie(id, 300);
    const lied = await open(id);
    await as('one', ['received', 'void', lied.id, '--reason', 'its key was stolen']);
    await enabled(false);
    await as('two', ['received', 'confirm', lied.id, '--void', '--reason', 'its key was stolen']);
    assert.equal(await open(id), undefined);
    await honest.tell(300, id);
    const payment = await w.create({ amount: '300.00' });
    assert.equal((await type(payment, id)).status, 303);
    assert.deepEqual(await status(payment), ['paid', '300.00']);
    await enabled(true);
    await w.audit();
  });

  it('T25 only an SMS that was held for the same TrxID takes the place, and money that paid is not void', async () => {
    const id = next(), other = next();
    await lie(id, 100);
    await lie(other, 100);
    assert.equal((await honest.report(100, other)).conflict, 1);
    const lied = await open(id), foreign = await held(other);
    await enabled(false);
    await as('one', ['received', 'void', lied.id, '--sms', foreign.id, '--reason', 'mistaken']);
    await assert.rejects(as('two', ['received', 'confirm', lied.id, '--void', '--sms', foreign.id, '--reason', 'mistaken']), /was not held/);
    assert.equal((await open(id)).state, 'free');
    await assert.rejects(as('one', ['received', 'void', lied.id, '--sms', '99999999', '--reason', 'none']), /no such money/);
    // the honest number goes on meanwhile: the held one has its place in the chain of balances
    const payment = await w.create({ amount: '70.00' }), paid = next();
    await honest.tell(70, paid);
    await type(payment, paid);
    const [claimed] = (await w.cli.json(['received', 'list', '--payment', payment.id])).received;
    await assert.rejects(as('one', ['received', 'void', claimed.id, '--reason', 'too late']), /claimed or void already/);
    // also when its SMS come in another order: the held one before the one that it follows
    const held2 = next(), after = next(), late = next();
    await enabled(true);
    await lie(held2, 50);
    const base = 1900 + 70;
    const of = (trxId, amount, sum) => ({ sender: 'bKash', text: TEXTS.bkash(amount, trxId, sum, Date.now()), at: Date.now(), sim: 'sim1' });
    assert.equal((await honest.send([of(held2, 20, base + 30)])).conflict, 1);
    assert.equal((await honest.send([of(after, 30, base + 60)])).review, 1);
    assert.equal((await honest.send([of(late, 10, base + 10)])).credit, 1);
    assert.deepEqual([(await open(late)).state, (await open(after)).state, (await open(held2)).state], ['free', 'free', 'review']);
    const truth = await held(held2);
    assert.deepEqual([truth.number, truth.why], [honest.id, 'told_elsewhere_linked']);
    await enabled(false);
    const lied2 = await open(held2);
    await as('one', ['received', 'void', lied2.id, '--sms', truth.id, '--reason', 'seen']);
    await as('two', ['received', 'confirm', lied2.id, '--void', '--sms', truth.id, '--reason', 'seen']);
    assert.deepEqual([(await open(held2)).state, (await open(held2)).amount], ['free', '20.00']);
    await w.audit();
  });
});
