// The programs on a database: what they say of it, and what they never show.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, it } from 'node:test';
import { Cli, configSet } from '../api/lib/cli.mjs';
import { BUILD, suite } from '../api/lib/harness.mjs';
import { freePort, Program, run } from '../api/lib/process.mjs';
import { sqlRun, storeCopy, storeNew, storeRemove } from '../api/lib/store.mjs';

const SECRET = 'sesame';
const withPassword = (store) => store.replace('kassa@', `kassa:${SECRET}@`);

suite('the programs on a database', {}, (w) => {
  const made = [];
  after(async () => {
    for (const store of made) {
      await storeRemove(store);
    }
  });
  const kassa = (...args) => w.cli.try(['--config', w.cli.config, ...args]);
  const refused = async (args, text) => {
    const result = await kassa(...args);
    assert.equal(result.code, 1, result.stdout);
    assert.match(result.stderr, text);
  };
  const keep = (store) => {
    made.push(store);
    return store;
  };

  it('a second kassad on the same database runs beside the first', async () => {
    const home = path.join(w.dir, 'second');
    fs.mkdirSync(home);
    const config = path.join(home, 'kassa.conf');
    fs.copyFileSync(w.cli.config, config);
    fs.copyFileSync(path.join(w.dir, 'secret.key'), path.join(home, 'secret.key'));
    const [port, ops] = [await freePort(), await freePort()];
    configSet(config, { server: { listen: `127.0.0.1:${port}`, ops_listen: `127.0.0.1:${ops}` } });
    const second = new Program(path.join(BUILD, 'kassad'), ['--config', config], { log: path.join(home, 'kassad.log') });
    await second.ready(async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).status === 200);
    assert.equal((await w.tryCreate()).status, 200);
    await second.stop();
    assert.deepEqual(fs.readdirSync(w.dir).filter((name) => /lock|\.db/.test(name)), []);
  });

  it('a database that is a store already is no place for a new one', async () => {
    const home = path.join(w.dir, 'again');
    const result = await w.cli.try(['init', '--dir', home, '--set', `store.path=${w.cli.store}`]);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /a store already/);
    assert.deepEqual(fs.readdirSync(home), []);
  });

  it('backup says whose work it is and how it is done, and ends with 1', async () => {
    const store = w.cli.store;
    const result = await kassa('backup', '--to', path.join(w.dir, 'kassa.dump'));
    assert.equal(result.code, 1);
    const command = /^ {2}(pg_dump .*)$/m.exec(result.stderr)[1];
    assert.equal((await run('bash', ['-c', command])).code, 0, 'the command that it shows is right');
    const scratch = keep(await storeNew(w.dir));
    assert.equal((await run('pg_restore', ['--exit-on-error', `--dbname=${scratch}`, path.join(w.dir, 'kassa.dump')])).code, 0);
    const drill = JSON.parse((await kassa('restore', scratch, '--check', '--json')).stdout);
    assert.deepEqual([drill.ok, drill.backup], [true, scratch]);
    await refused(['restore', store, '--check'], /the store in use/);
    await refused(['restore', path.join(w.dir, 'kassa.dump')], /pg_restore/);
  });

  it('the drill finds wrong books, another program\'s database and an empty one', async () => {
    await w.pay(await w.create({ amount: '75.00' }));
    const wrong = keep(await storeCopy(w.cli.store, w.dir));
    await sqlRun(wrong, 'UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0');
    const found = await kassa('restore', wrong, '--check', '--json');
    assert.deepEqual([found.code, JSON.parse(found.stdout).verdict], [1, 'wrong']);
    const empty = keep(await storeNew(w.dir));
    await refused(['restore', empty, '--check'], /empty: not a store/);
    await sqlRun(empty, 'CREATE TABLE shop (id int)');
    await refused(['restore', empty, '--check'], /another program's database/);
    await refused(['restore', 'postgresql://a b/c', '--check'], /no postgresql:/);
  });

  it('a password is shown by no program, and only taken from a file that nobody else reads', async () => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'kassa-secret-'));
    const cli = new Cli(BUILD, home);
    const store = withPassword(keep(await storeNew(home)));
    const said = [];
    const all = async (program, ...args) => {
      const result = await run(path.join(BUILD, program), args, { cwd: home });
      said.push(result.stdout, result.stderr);
      return result;
    };
    const conf = ['--config', cli.config];
    assert.equal((await all('kassa', 'init', '--sandbox', '--dir', home, '--set', `store.path=${store}`)).code, 0);
    assert.match(fs.readFileSync(cli.config, 'utf8'), new RegExp(SECRET));
    assert.equal((await all('kassa', 'merchant', 'add', '--name', 'a', ...conf)).code, 0);
    for (const args of [['backup', '--to', 'x'], ['restore', 'x'], ['restore', store, '--check'], ['migrate', '--check'], ['audit', '--json']]) {
      await all('kassa', ...args, ...conf);
    }
    fs.chmodSync(cli.config, 0o644);
    const open = await all('kassad', ...conf, '--check-config');
    assert.equal(open.code, 1);
    assert.match(open.stderr, /store\.path: has a password, and others may read/);
    fs.chmodSync(cli.config, 0o600);
    const away = await freePort();
    for (const place of [`postgresql://kassa:${SECRET}@127.0.0.1:${away}/kassa`, `${store.replace('kassa_', 'nowhere_')}`,
      `postgresql://kassa:${SECRET}@127.0.0.1:${away}/kassa?sslmode=verify-full&sslrootcert=/nowhere`,
      `postgresql://kassa:${SECRET}@h@127.0.0.1/kassa`, `postgresql://kassa:${SECRET}/x@127.0.0.1/kassa`,
      `postgresql://kassa@127.0.0.1:${SECRET}/kassa`, `postgresql://127.0.0.1:${away}/kassa?password=${SECRET}&nonsense=1`]) {
      configSet(cli.config, { store: { path: place } });
      for (const [program, ...args] of [['kassad'], ['kassad', '--check-config'], ['kassa', 'audit'], ['kassa', 'migrate', '--check']]) {
        const result = await all(program, ...args, ...conf);
        assert.ok(result.code !== 0 || args[0] === '--check-config', `${place} ${args}`);
      }
    }
    assert.doesNotMatch(said.join('\n'), new RegExp(SECRET));
    assert.match(said.join('\n'), /127\.0\.0\.1/);
    fs.rmSync(home, { recursive: true });
  });
});
