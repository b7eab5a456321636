import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Sim, launch, program } from './start.mjs';

let sim;
before(async () => { sim = await Sim.start(); await sim.login(); });
after(() => sim.end());

test('payments and calls are counted and listed', async () => {
  const paid = await sim.approved({ amount: '10.50', merchantInvoiceNumber: 'LIST-1' });
  await sim.execute(paid);
  await sim.execute(paid);
  const open = await sim.created({ merchantInvoiceNumber: 'LIST-2' });
  await sim.query(open);
  const { payments, totals } = await sim.control('GET', '/payments');
  assert.deepEqual(payments.map((p) => p.payment_id), [open, paid]);
  assert.deepEqual(totals, { payments: 2, completed: 1, completed_amount: '10.50', executes: 2, executes_max: 2 });
  assert.deepEqual((await sim.control('GET', '/payments?executes_min=2')).payments.map((p) => p.payment_id), [paid]);
  assert.deepEqual((await sim.control('GET', '/payments?limit=1')).payments.map((p) => p.payment_id), [open]);
  const seen = await sim.payment(paid);
  assert.equal(seen.state, 'completed');
  assert.equal(seen.amount, '10.50');
  assert.equal(seen.queries, 0);
  const calls = await sim.control('GET', '/calls');
  assert.deepEqual(calls.counters.execute, { [paid]: 2 });
  assert.deepEqual(calls.counters.query, { [open]: 1 });
  assert.deepEqual(calls.counters.create, { 'LIST-1': 1, 'LIST-2': 1 });
  assert.deepEqual(calls.calls.map((c) => c.op), ['grant', 'create', 'execute', 'execute', 'create', 'query']);
  assert.equal(calls.calls[1].payment_id, paid);
  assert.equal((await sim.control('GET', `/calls?payment_id=${open}&op=query`)).calls.length, 1);
  assert.equal((await sim.control('GET', '/calls?limit=2')).calls.length, 2);
});

test('a page in a browser can\'t use the control API', async () => {
  const answer = await fetch(`${sim.url}/control/reset`, { method: 'POST', headers: { Origin: 'http://evil.example' } });
  assert.equal(answer.status, 403);
});

test('what the control API does not know is refused', async () => {
  const id = await sim.created();
  for (const [method, path, body, status] of [['POST', `/control/payments/${id}`, { action: 'pay' }, 400],
    ['POST', `/control/payments/${id}`, {}, 400], ['POST', '/control/payments/none', { action: 'approve' }, 404],
    ['GET', '/control/payments/none', undefined, 404], ['GET', '/control/nothing', undefined, 404],
    ['POST', '/control/clock', { advance_s: -1 }, 400], ['POST', '/control/clock', {}, 400],
    ['GET', '/control/calls?op=x', undefined, 400], ['GET', '/control/payments?limit=0', undefined, 400]])
    assert.equal((await sim.json(method, path, body)).status, status, `${method} ${path}`);
  assert.equal((await sim.payment(id)).state, 'initiated');
});

for (const signal of ['SIGTERM', 'SIGKILL'])
  test(`payments, tokens, token calls and the clock survive ${signal}`, async () => {
    await sim.control('POST', '/reset');
    await sim.login();
    await sim.control('POST', '/clock', { advance_s: 1000 });
    await sim.token();
    const paid = await sim.approved();
    const { trxID } = (await sim.execute(paid)).body;
    const approved = await sim.approved({ amount: '7' });
    const open = await sim.created();
    const before_clock = (await sim.control('GET', '/clock')).now;
    await sim.down(signal);
    await sim.up();
    assert.equal((await sim.query(paid)).body.trxID, trxID);
    assert.equal((await sim.execute(paid)).body.statusCode, '2062');
    assert.equal((await sim.execute(approved)).body.amount, '7');
    assert.equal((await sim.execute(open)).body.statusCode, '2060');
    assert.ok(Date.parse((await sim.control('GET', '/clock')).now) >= Date.parse(before_clock));
    assert.equal((await sim.token()).status, 429);
    await sim.down(signal);
    await sim.up();
    assert.equal((await sim.token()).status, 429);
  });

test('without fsync all still survives a killed simulator', async () => {
  sim.extra = ['--fsync', 'no'];
  await sim.down();
  await sim.up();
  const id = await sim.created();
  await sim.down('SIGKILL');
  await sim.up();
  assert.equal((await sim.payment(id)).state, 'initiated');
});

test('a waiting answer does not hold up the end', async () => {
  const id = await sim.created();
  await sim.fault({ op: 'query', fault: 'delay', value: 60000 });
  await sim.fault({ op: 'query', fault: 'slow', value: 1 });
  const waiting = [sim.query(id), sim.query(id)].map((p) => p.then(() => 'answered', () => 'lost'));
  await new Promise((done) => setTimeout(done, 300));
  const start = performance.now();
  assert.equal((await sim.down()).code, 0);
  assert.ok(performance.now() - start < 10000);
  assert.deepEqual(await Promise.all(waiting), ['lost', 'lost']);
  await sim.up();
});

test('two simulators never share a folder', async () => {
  const second = spawnSync(program, ['--dir', sim.dir, '--listen', '127.0.0.1:0'], { timeout: 20000 });
  assert.equal(second.status, 1);
  assert.match(String(second.stderr), /another simulator/);
  assert.equal((await sim.control('GET', '/payments')).totals.payments > 0, true);
});

for (const args of [[], ['--dir', 'x', '--token-life', '0'], ['--dir', 'x', '--hourly-block', 'maybe'], ['--dir', 'x', '--what'], ['--dir', 'x', '--fsync', '1'],
  ['--dir', 'x', '--public-url', 'http://x.example/path'], ['--dir', 'x', 'more']])
  test(`the command line "${args.join(' ')}" is refused`, () => {
    const run = spawnSync(program, args, { timeout: 10000 });
    assert.equal(run.status, 2);
    assert.ok(run.stderr.length > 0);
  });

test('an address that can\'t be listened on is refused', async () => {
  await assert.rejects(launch(`${sim.dir}/other`, ['--listen', '192.0.2.1:80']));
});

test('--help says what is bounded and which faults there are', () => {
  const help = String(spawnSync(program, ['--help']).stdout);
  for (const word of ['100000', 'drop_after_commit', 'kassa-sandbox-secret', 'executes_min']) assert.ok(help.includes(word), word);
});
