import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Sim, credentials, order } from './start.mjs';

let sim;
beforeEach(async () => { sim = await Sim.start(); });
afterEach(() => sim.end());

const advance = (seconds) => sim.control('POST', '/clock', { advance_s: seconds });

test('grant gives a token, its life and a refresh token', async () => {
  const { status, body } = await sim.token();
  assert.equal(status, 200);
  assert.equal(body.statusCode, '0000');
  assert.equal(body.token_type, 'Bearer');
  assert.equal(body.expires_in, 3600);
  assert.match(body.id_token, /^eyJ[^.]+\.[^.]+\.[^.]+$/);
  assert.ok(body.refresh_token && body.refresh_token !== body.id_token);
});

for (const field of Object.keys(credentials))
  test(`a wrong ${field} fails without a token and costs no call`, async () => {
    const { body } = await sim.token('grant', {}, { ...credentials, [field]: 'wrong' });
    assert.equal(body.status, 'fail');
    assert.ok(body.msg && !('id_token' in body) && !('statusCode' in body));
    assert.equal((await sim.token()).body.statusCode, '0000');
    assert.equal((await sim.token()).body.statusCode, '0000');
  });

test('the token is taken bare and behind Bearer, nothing else is', async () => {
  await sim.login();
  const key = { 'X-App-Key': credentials.app_key };
  for (const [value, status] of [[sim.id_token, 200], [`Bearer ${sim.id_token}`, 200], ['', 401],
    [`Basic ${sim.id_token}`, 401], [`${sim.id_token}x`, 401]]) {
    const answer = await sim.raw('create', order(), { ...key, Authorization: value });
    assert.equal(answer.status, status, value.slice(0, 10));
    if (status === 401) assert.deepEqual(await answer.json(), { message: 'Unauthorized' });
  }
  assert.equal((await sim.raw('create', order(), key)).status, 401);
});

test('a refresh token is no id token', async () => {
  const { body } = await sim.token();
  sim.id_token = body.refresh_token;
  assert.equal((await sim.create()).status, 401);
});

test('another application\'s key is refused by 2001', async () => {
  await sim.login();
  assert.equal((await sim.call('create', order(), { 'X-App-Key': 'other' })).body.statusCode, '2001');
});

test('a token ends after its life', async () => {
  await sim.login();
  await advance(3599 - 60);
  assert.equal((await sim.create()).status, 200);
  await advance(61);
  assert.equal((await sim.create()).status, 401);
});

test('refresh gives a new token for a good refresh token only', async () => {
  const first = (await sim.token()).body;
  const second = (await sim.token('refresh', { refresh_token: first.refresh_token })).body;
  assert.equal(second.statusCode, '0000');
  assert.notEqual(second.id_token, first.id_token);
  await advance(3601);
  assert.equal((await sim.token('refresh', { refresh_token: first.id_token })).body.status, 'fail');
  await advance(28 * 86400);
  assert.equal((await sim.token('refresh', { refresh_token: first.refresh_token })).body.status, 'fail');
});

test('the third token call within an hour is refused and blocks for an hour', async () => {
  const { refresh_token } = (await sim.token()).body;
  assert.equal((await sim.token('refresh', { refresh_token })).status, 200);
  const third = await sim.token();
  assert.equal(third.status, 429);
  assert.ok(third.body.message && !('id_token' in third.body));
  await advance(3500);
  assert.equal((await sim.token()).status, 429);
  assert.equal((await sim.token('refresh', { refresh_token })).status, 429);
  await advance(101);
  assert.equal((await sim.token()).status, 200);
});

test('without the block token calls are not counted', async () => {
  await sim.down();
  sim.extra = ['--hourly-block', 'no'];
  await sim.up();
  for (let i = 0; i < 5; i++) assert.equal((await sim.token()).status, 200);
});

test('the token\'s life and the credentials come from the command line', async () => {
  await sim.down();
  sim.extra = ['--token-life', '5', '--username', 'u', '--password', 'p', '--app-key', 'k', '--app-secret', 's'];
  await sim.up();
  assert.equal((await sim.token()).body.status, 'fail');
  const { body } = await sim.token('grant', {}, { username: 'u', password: 'p', app_key: 'k', app_secret: 's' });
  assert.equal(body.expires_in, 5);
  sim.id_token = body.id_token;
  assert.equal((await sim.call('create', order(), { 'X-App-Key': 'k' })).status, 200);
  await advance(5);
  assert.equal((await sim.call('create', order(), { 'X-App-Key': 'k' })).status, 401);
});
