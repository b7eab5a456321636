// Backup and restore, as an operator does them: while kassad runs, under load, and after the store is gone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';
import { suite } from './lib/harness.mjs';
import { run } from './lib/process.mjs';
import { sqlRows, sqlRun } from './lib/store.mjs';


suite('backup and restore', {}, (w) => {
  const at = (name) => path.join(w.dir, name);
  const kassa = (...args) => w.cli.try(['--config', w.cli.config, ...args]);
  const refused = async (args, text, code = 1) => {
    const result = await kassa(...args);
    assert.equal(result.code, code, result.stdout);
    assert.match(result.stderr, text);
  };
  const leftovers = () => fs.readdirSync(w.dir).filter((name) => /\.part|\.restore/.test(name));

  it('a backup taken under load holds everything acknowledged before it began, and its books are right', async () => {
    await w.pay(await w.create({ amount: '100.00' }));
    const before = [];
    let stop = false;
    const load = Promise.all([1, 2, 3].map(async () => {
      while (!stop) {
        before.push((await w.create()).id);
      }
    }));
    while (before.length < 20) {
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
    const acknowledged = [...before];
    const made = await w.cli.json(['backup', '--to', at('one.db')]);
    stop = true;
    await load;
    assert.equal(made.file, at('one.db'));
    assert.equal(made.bytes, fs.statSync(at('one.db')).size);
    assert.equal(fs.statSync(at('one.db')).mode & 0o777, 0o600);
    const kept = new Set((await sqlRows(at('one.db'), 'SELECT id FROM payment')).map((p) => String(p.id)));
    assert.deepEqual(acknowledged.filter((id) => !kept.has(String(id))), []);
    fs.rmSync(at('one.db-wal'), { force: true });
    fs.rmSync(at('one.db-shm'), { force: true });
    const drill = await w.cli.json(['restore', at('one.db'), '--check']);
    assert.equal(drill.ok, true);
    assert.equal(drill.payments, kept.size);
    assert.deepEqual(leftovers(), []);
  });

  it('nothing is overwritten, and a backup that was cut off is named', async () => {
    await refused(['backup', '--to', at('one.db')], /one\.db exists already/);
    fs.writeFileSync(at('two.db.part'), '');
    await refused(['backup', '--to', at('two.db')], /two\.db\.part exists already: another backup runs, or one was cut off/);
    fs.rmSync(at('two.db.part'));
    await refused(['backup', '--to', at('nowhere/two.db')], /nowhere/);
    await refused(['backup'], /--to/, 2);
  });

  it('a full disk leaves no half backup', async () => {
    const limited = await run('bash', ['-c', `ulimit -f 64; trap '' XFSZ; exec "$0" "$@"`, w.cli.program, '--config', w.cli.config, 'backup', '--to', at('full.db')]);
    assert.equal(limited.code, 1);
    assert.match(limited.stderr, /full\.db\.part/);
    assert.ok(!fs.existsSync(at('full.db')));
    assert.deepEqual(leftovers(), []);
  });

  it('a drill finds a damaged file, wrong books, another program\'s file and a log that lies beside', async () => {
    const bytes = fs.readFileSync(at('one.db'));
    fs.writeFileSync(at('torn.db'), bytes.subarray(0, bytes.length / 2));
    await refused(['restore', at('torn.db'), '--check'], /damaged|malformed/);
    fs.writeFileSync(at('foreign.db'), 'not a database at all, but long enough to be looked at');
    await refused(['restore', at('foreign.db'), '--check'], /not a store/);
    fs.copyFileSync(at('one.db'), at('edited.db'));
    await sqlRun(at('edited.db'), 'PRAGMA journal_mode = DELETE; UPDATE ledger_account SET balance = balance + 1 WHERE balance > 0');
    const edited = await kassa('restore', at('edited.db'), '--check', '--json');
    assert.equal(edited.code, 1);
    assert.equal(JSON.parse(edited.stdout).verdict, 'wrong');
    fs.copyFileSync(at('one.db'), at('beside.db'));
    fs.writeFileSync(at('beside.db-wal'), 'x');
    await refused(['restore', at('beside.db'), '--check'], /the file alone is not whole/);
    await refused(['restore', at('none.db'), '--check'], /none\.db: No such file/);
    await refused(['restore'], /FILE/, 2);
    await refused(['restore', at('one.db'), '--scratch', w.dir], /--check/, 2);
    assert.deepEqual(leftovers(), []);
  });

  it('with another secret key the drill says that it is another one', async () => {
    const home = at('other');
    fs.mkdirSync(home);
    fs.copyFileSync(w.cli.config, path.join(home, 'kassa.conf'));
    fs.writeFileSync(path.join(home, 'secret.key'), fs.readFileSync(at('secret.key'), 'utf8').replace(/[0-9a-f]{16}/, '0123456789abcdef'), { mode: 0o600 });
    const result = await w.cli.try(['--config', path.join(home, 'kassa.conf'), 'restore', at('one.db'), '--check', '--json']);
    assert.equal(result.code, 1, result.stdout);
    assert.match(result.stderr, /is not the one that this store was made with/);
  });

  it('a drill may lie elsewhere, and leaves the store in use alone', async () => {
    fs.mkdirSync(at('scratch'));
    assert.equal((await w.cli.json(['restore', at('one.db'), '--check', '--scratch', at('scratch')])).ok, true);
    assert.deepEqual(fs.readdirSync(at('scratch')), []);
    assert.ok((await w.create()).id);
  });

  it('the store comes back: not under a running kassad, not over another file, and then it goes on', async () => {
    await refused(['restore', at('one.db')], /another kassad runs/);
    await w.kassad.stop();
    await refused(['restore', at('one.db')], /kassa\.db exists already: move it away first/);
    const store = at('kassa.db');
    fs.mkdirSync(at('broken'));
    for (const name of fs.readdirSync(w.dir).filter((n) => /^kassa\.db(-wal|-shm)?$/.test(n))) {
      fs.renameSync(at(name), path.join(at('broken'), name));
    }
    // one was killed before: what it left is named with the commands that help, and its log is not taken for the copy's
    for (const name of ['kassa.db.restore', 'kassa.db.restore-wal']) {
      fs.writeFileSync(at(name), 'half a copy');
      const { code, stderr } = await w.cli.try(['restore', at('one.db'), '--config', w.cli.config]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`${name.replaceAll('.', '\\.')} was left by a restore that was cut off`));
      assert.match(stderr, /rm -f '[^']*kassa\.db\.restore' /);
      assert.ok(stderr.includes(`kassa --config ${w.cli.config} restore ${at('one.db')}\n`), stderr);
      const [rm] = stderr.split('\n').filter((line) => line.startsWith('  rm -f '));
      assert.equal((await run('sh', ['-c', rm])).code, 0);
      assert.deepEqual(leftovers(), []);
    }
    const back = await w.cli.json(['restore', at('one.db')]);
    assert.equal(back.restored, store);
    assert.equal(back.ok, true);
    assert.equal(fs.statSync(store).mode & 0o777, 0o600);
    assert.deepEqual(leftovers(), []);
    await w.startKassad();
    await w.pay(await w.create({ amount: '70.00' }));
    await w.audit();
  });
});
