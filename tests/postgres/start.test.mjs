// What kassad finds when it starts on a database, and what it does about a damaged one: refused with words that help and left alone, or
// told by the read that meets the damage; a backup brings it back. The same of a file: tests/torture/start.test.mjs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configSet } from '../api/lib/cli.mjs';
import { BUILD, World } from '../api/lib/harness.mjs';
import { request } from '../api/lib/http.mjs';
import { run, until } from '../api/lib/process.mjs';
import { storeClone, storeNew } from '../api/lib/store.mjs';
import { Server } from './lib/server.mjs';

const PAYMENTS = 60;
const PAGE = 8192;

/** Overwrites a piece of a file; gives what was there. */
function patch(file, at, bytes) {
  const fd = fs.openSync(file, 'r+');
  const was = Buffer.alloc(bytes.length);
  fs.readSync(fd, was, 0, was.length, at);
  fs.writeSync(fd, bytes, 0, bytes.length, at);
  fs.closeSync(fd);
  return was;
}

describe('what kassad starts on', { concurrency: false }, () => {
  const w = new World();
  const server = new Server();
  const payments = [];
  let backup;

  before(async () => {
    await server.make({ settings: { fsync: 'off' } });
    await w.start({ simArgs: ['--fsync', 'no'] });
    for (let n = 0; n < PAYMENTS; n += 20) {
      payments.push(...await Promise.all(Array.from({ length: 20 }, () => w.create())));
    }
    await w.pay(payments[0]);
    await w.stopKassad();
    backup = path.join(w.dir, 'kassa.dump');
    const dumped = await run('pg_dump', ['--format=custom', `--file=${backup}`, w.cli.store]);
    assert.equal(dumped.code, 0, dumped.stderr);
  }, { timeout: 120000 });
  after(async () => {
    await w.discard();
    await server.discard();
  }, { timeout: 60000 });

  /** A configuration that leads to another store. */
  function configOf(store) {
    const config = path.join(w.dir, 'other.conf');
    fs.copyFileSync(w.cli.config, config);
    configSet(config, { store: { path: store } });
    return config;
  }

  async function refused(config, said) {
    const { code, stderr } = await run(path.join(BUILD, 'kassad'), ['--config', config], { cwd: w.dir, ms: 30000 });
    assert.equal(code, 1, `kassad ended with ${code}: ${stderr}`);
    assert.match(stderr, /^kassad: can't start:$/m);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /"event":"(bug|started)"/);
  }

  /** kassad starts and has the payments. */
  async function starts() {
    await w.startKassad();
    for (const payment of payments) {
      assert.equal((await w.status({ id: payment.id })).uuid, payment.uuid);
    }
    await w.create();
    await w.stopKassad();
    await w.audit();
  }

  it('T47 refused: a schema of a later version', { timeout: 60000 }, async () => {
    const store = await storeClone(w.cli.store, w.dir);
    await server.sql(`INSERT INTO schema_version (version, applied_at, program_min)
      SELECT max(version) + 1, 0, max(version) + 1 FROM schema_version`, store);
    await refused(configOf(store), /schema/);
  });

  it('T43 refused: another program\'s database, and an empty one', { timeout: 60000 }, async () => {
    const store = await storeNew(w.dir);
    await refused(configOf(store), /empty: not a store/);
    await server.sql('CREATE TABLE cart (id int, sum real)', store);
    await refused(configOf(store), /another program's database/);
    assert.equal(await server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", store), '1', 'it is left alone');
  });

  it('T44 the server is down: refused, with what to do; and it starts when the server does', { timeout: 60000 }, async () => {
    await server.stop();
    await refused(w.cli.config, /start the server/);
    await server.start();
    await starts();
  });

  it('T43 after a crash of the server it starts with all that was acknowledged', { timeout: 60000 }, async () => {
    await w.startKassad();
    payments.push(...await Promise.all(Array.from({ length: 20 }, () => w.create())));
    await server.kill();
    await w.kill9();
    await server.start();
    await starts();
  });

  it('T43 a server whose control file is damaged does not start, and neither does kassad', { timeout: 60000 }, async () => {
    await server.stop();
    const file = path.join(server.data, 'global', 'pg_control');
    const was = patch(file, 0, Buffer.alloc(100, 0x55));
    await assert.rejects(server.start(), /control|checksum|incompatible/i);
    await refused(w.cli.config, /start the server/);
    patch(file, 0, was);
    await server.start();
    await starts();
  });

  it('T43 a server whose log is cut does not start on the older half', { timeout: 60000 }, async () => {
    await w.startKassad();
    await Promise.all(Array.from({ length: 20 }, () => w.create()));
    await w.stopKassad();
    await server.stop();
    const folder = path.join(server.data, 'pg_wal');
    const kept = fs.readdirSync(folder).filter((name) => /^[0-9A-F]{24}$/.test(name)).map((name) => [path.join(folder, name), fs.readFileSync(path.join(folder, name))]);
    kept.forEach(([name]) => fs.truncateSync(name, 4096));
    await assert.rejects(server.start(), /valid checkpoint record|WAL/);
    await refused(w.cli.config, /start the server/);
    kept.forEach(([name, bytes]) => fs.writeFileSync(name, bytes));
    await server.start();
    await starts();
  });

  it('T43 a damaged page is told by whatever reads it, is in no backup, and a backup brings all back', { timeout: 120000 }, async () => {
    const file = await server.fileOf(w.cli.store, 'payment');
    await server.stop();
    patch(file, 64, Buffer.alloc(PAGE - 200, 0xa5));
    await server.start();
    await w.startKassad();
    const [, damaged] = payments; // the first one was paid, so its row has moved
    const answer = await w.call('/v1/payment/status', { id: damaged.id });
    assert.ok(answer.status === 500 || answer.status === 503, `${answer.status} ${answer.text}`);
    assert.deepEqual(Object.keys(answer.json.errors), ['server']);
    assert.ok((await request('GET', damaged.url)).status >= 500);
    assert.match(w.kassadLog(), /invalid page in block 0/);
    assert.match(w.kassadLog(), /restore it from a backup/);
    const { code, stderr } = await w.cli.try(['audit', '--config', w.cli.config]);
    assert.equal(code, 1, stderr);
    await w.stopKassad();
    const dump = await run('pg_dump', ['--format=custom', `--file=${backup}.later`, w.cli.store]);
    assert.notEqual(dump.code, 0, 'the damage is in no backup');
    const store = await storeNew(w.dir);
    assert.equal((await run('pg_restore', ['--exit-on-error', `--dbname=${store}`, backup])).code, 0);
    const drill = JSON.parse((await w.cli.try(['restore', store, '--check', '--json', '--config', w.cli.config])).stdout);
    assert.equal(drill.ok, true);
    w.configure({ store: { path: store } });
    await w.startKassad();
    assert.equal((await w.status({ id: payments[0].id })).payment_status, 'paid');
    assert.equal((await w.status({ id: damaged.id })).uuid, damaged.uuid);
    await until(async () => (await w.tryCreate()).status === 200, { what: 'a create on what was restored' });
    await w.stopKassad();
    await w.simProgram.stop();
  });
});
