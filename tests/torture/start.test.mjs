// What kassad finds when it starts: a store that is damaged, foreign or too new is refused with words that help, before anything
// is written to it; what a crash may leave behind is no damage.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BUILD, World } from '../api/lib/harness.mjs';
import { configSet } from '../api/lib/cli.mjs';
import { run } from '../api/lib/process.mjs';
import { Random, SEED } from './lib/random.mjs';

const PAYMENTS = 300;
const KASSAD = path.join(BUILD, 'kassad');

const w = new World();
const random = new Random('start');
let good; // a folder with the installation as it was stopped
let cases = 0;
const payments = [];

function sqlite(file, text) {
  const done = spawnSync('sqlite3', [file, text], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.trim();
}

/** A copy of the good installation, changed by `change(dir, file)`. */
function copy(change) {
  const dir = path.join(w.dir, `case-${++cases}`);
  fs.cpSync(good, dir, { recursive: true });
  const file = path.join(dir, 'kassa.db');
  change?.(dir, file);
  return { dir, file, config: path.join(dir, 'kassa.conf') };
}

const digest = (file) => (fs.existsSync(file) ? crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex') : 'none');

/** kassad must end with 1, say `said`, and leave the file as it is. */
async function refused({ dir, file, config }, said) {
  const was = digest(file);
  const { code, stderr } = await run(KASSAD, ['--config', config], { cwd: dir, ms: 20000 });
  assert.equal(code, 1, `kassad ended with ${code}: ${stderr}`);
  assert.match(stderr, /^kassad: can't start:$/m);
  assert.match(stderr, said);
  assert.doesNotMatch(stderr, /"event":"(bug|started)"/);
  assert.equal(digest(file), was, 'the file is as it was');
}

/** kassad must start on it and have the payments. */
async function starts({ config }, count = payments.length) {
  const kept = w.cli.config;
  w.cli.config = config;
  try {
    await w.startKassad();
    for (const payment of payments.slice(0, count)) {
      assert.equal((await w.status({ id: payment.id })).uuid, payment.uuid);
    }
    await w.create();
    await w.stopKassad();
  } finally {
    w.cli.config = kept;
  }
}

describe('what kassad starts on', { concurrency: false }, () => {
  before(async () => {
    await w.start({ simArgs: ['--fsync', 'no'] });
    for (let n = 0; n < PAYMENTS; n += 20) {
      payments.push(...await Promise.all(Array.from({ length: 20 }, () => w.create())));
    }
    await w.stopKassad();
    good = path.join(w.dir, 'good');
    fs.mkdirSync(good);
    for (const name of ['kassa.conf', 'secret.key', 'kassa.db', 'kassa.db-wal', 'kassa.db-shm']) {
      if (fs.existsSync(path.join(w.dir, name))) {
        fs.copyFileSync(path.join(w.dir, name), path.join(good, name));
        fs.chmodSync(path.join(good, name), 0o600);
      }
    }
  }, { timeout: 120000 });
  after(() => w.discard(), { timeout: 60000 });

  it('the installation itself', { timeout: 60000 }, () => starts(copy()));

  describe('stores that are refused', () => {
    const patch = (at, bytes) => (dir, file) => {
      const fd = fs.openSync(file, 'r+');
      fs.writeSync(fd, bytes, 0, bytes.length, at);
      fs.closeSync(fd);
    };
    const REFUSED = {
      'a header that is overwritten': [patch(0, Buffer.alloc(100, 0x55)), /kassa\.db: is not a store: its header is wrong/],
      'a header whose page size is senseless': [patch(16, Buffer.from([0x12, 0x34])), /kassa\.db: is not a store: its header is wrong/],
      'a file that is cut in the middle of its first page': [(dir, file) => fs.truncateSync(file, 1000), /kassa\.db: /],
      'a file that is cut in half': [(dir, file) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 8192) * 4096),
        /kassa\.db: .*(damaged|malformed)/],
      'a file of zeros': [(dir, file) => fs.writeFileSync(file, Buffer.alloc(65536)), /kassa\.db: is not a store: its header is wrong/],
      'a text file': [(dir, file) => fs.writeFileSync(file, 'order,amount\n1,300.00\n'.repeat(100)),
        /kassa\.db: is not a store: its header is wrong/],
      'an empty file': [(dir, file) => fs.truncateSync(file, 0), /kassa\.db: is empty: not a store/],
      'a file that is not there': [(dir, file) => fs.rmSync(file), /kassa\.db: No such file or directory/],
      'a folder': [(dir, file) => {
        fs.rmSync(file);
        fs.mkdirSync(file);
      }, /kassa\.db: (is no regular file|Is a directory)/],
      'another program\'s database': [(dir, file) => {
        fs.rmSync(file);
        sqlite(file, 'CREATE TABLE cart (id INTEGER PRIMARY KEY, sum REAL); INSERT INTO cart VALUES (1, 2.5);');
      }, /kassa\.db: is another program's database, not a store/],
      'a schema of a later version': [(dir, file) => {
        sqlite(file, 'INSERT INTO schema_version (version, applied_at, program_min) SELECT max(version) + 1, 0, max(version) + 1 FROM schema_version;');
      }, /schema/],
    };
    for (const [what, [change, said]] of Object.entries(REFUSED)) {
      it(what, { timeout: 30000 }, async () => {
        const c = copy(change);
        if (fs.existsSync(c.file) && fs.statSync(c.file).isDirectory()) {
          c.file = path.join(c.dir, 'kassa.conf');
        }
        // Of these no crash leaves a log beside the file.
        fs.rmSync(`${path.join(c.dir, 'kassa.db')}-wal`, { force: true });
        fs.rmSync(`${path.join(c.dir, 'kassa.db')}-shm`, { force: true });
        await refused(c, said);
      });
    }

    it('pages that are overwritten anywhere: refused', { timeout: 240000 }, async (t) => {
      const pages = Math.floor(fs.statSync(path.join(good, 'kassa.db')).size / 4096);
      for (let n = 0; n < 12; n++) {
        const page = random.int(1, pages - 1);
        const c = copy(patch(page * 4096, Buffer.alloc(4096, 0xa5)));
        const { code, stderr } = await run(KASSAD, ['--config', c.config], { cwd: c.dir, ms: 20000 });
        assert.equal(code, 1, `page ${page} of ${pages} is overwritten, and kassad ended with ${code}: ${stderr.slice(-1000)}`);
        assert.match(stderr, /kassa\.db: .*(damaged|malformed)/, `page ${page}`);
      }
      t.diagnostic(`seed ${SEED}`);
    });

    it('a store that another kassad is using', { timeout: 60000 }, async () => {
      const kept = w.cli.config;
      const c = copy();
      w.cli.config = c.config;
      try {
        await w.startKassad();
        const second = await run(KASSAD, ['--config', c.config], { cwd: c.dir, ms: 20000 });
        assert.equal(second.code, 1);
        assert.match(second.stderr, /another kassad runs on/);
        await w.stopKassad();
      } finally {
        w.cli.config = kept;
      }
    });
  });

  describe('what a crash leaves', () => {
    /** An installation whose kassad was killed with committed payments in the log only. */
    async function killed() {
      const kept = w.cli.config;
      const c = copy();
      w.cli.config = c.config;
      try {
        await w.startKassad();
        const made = await Promise.all(Array.from({ length: 20 }, () => w.create()));
        await w.kill9();
        return { ...c, made };
      } finally {
        w.cli.config = kept;
      }
    }

    it('a log with commits that are not in the file yet', { timeout: 60000 }, async () => {
      const c = await killed();
      assert.ok(fs.statSync(`${c.file}-wal`).size > 0);
      payments.push(...c.made);
      try {
        await starts(c);
      } finally {
        payments.splice(-c.made.length);
      }
    });

    it('a log that ends in the middle of a commit', { timeout: 60000 }, async () => {
      const c = await killed();
      fs.truncateSync(`${c.file}-wal`, fs.statSync(`${c.file}-wal`).size - 2000);
      await starts(c);
    });

    it('a log with rubbish behind its last commit', { timeout: 60000 }, async () => {
      const c = await killed();
      fs.appendFileSync(`${c.file}-wal`, Buffer.alloc(100000, 0x77));
      payments.push(...c.made);
      try {
        await starts(c);
      } finally {
        payments.splice(-c.made.length);
      }
    });

    it('an index of the log that is rubbish', { timeout: 60000 }, async () => {
      const c = await killed();
      fs.writeFileSync(`${c.file}-shm`, Buffer.alloc(32768, 0x33));
      payments.push(...c.made);
      try {
        await starts(c);
      } finally {
        payments.splice(-c.made.length);
      }
    });
  });

  describe('configurations and keys', () => {
    const check = (c, ...more) => run(KASSAD, ['--config', c.config, '--check-config', ...more], { cwd: c.dir, ms: 20000 });

    it('a good one: ok and 0', async () => {
      const { code, stdout } = await check(copy());
      assert.deepEqual([code, stdout], [0, 'ok\n']);
    });

    it('several faults are said at once, each with its key, and 1', async () => {
      const c = copy((dir) => configSet(path.join(dir, 'kassa.conf'), {
        server: { threads: 'many', listen: 'somewhere' },
        notify: { timeout_ms: '5' },
        store: { batch_max: 'all' },
        kitchen: { sink: 'yes' },
      }));
      const { code, stderr } = await check(c);
      assert.equal(code, 1);
      for (const key of ['server.threads', 'notify.timeout_ms', 'store.batch_max', '\\[kitchen\\]']) {
        assert.match(stderr, new RegExp(key), stderr);
      }
    });

    const FAULTS = {
      'a key file that is not there': [(dir) => fs.rmSync(path.join(dir, 'secret.key')), /secret\.key/],
      'a key file that others may read': [(dir) => fs.chmodSync(path.join(dir, 'secret.key'), 0o644), /secret\.key/],
      'a key file that holds no key': [(dir) => fs.writeFileSync(path.join(dir, 'secret.key'), 'password\n'), /secret\.key/],
      'an empty key file': [(dir) => fs.writeFileSync(path.join(dir, 'secret.key'), ''), /secret\.key/],
      'a certificate that is not there': [(dir) => configSet(path.join(dir, 'kassa.conf'),
        { server: { tls_certificate_file: 'no.pem', tls_key_file: 'no.key' } }), /no\.pem/],
      'a configuration that is not there': [(dir) => fs.rmSync(path.join(dir, 'kassa.conf')), /kassa\.conf/],
      'a line that is no key and value': [(dir) => fs.appendFileSync(path.join(dir, 'kassa.conf'), '\nwhat is this\n'), /line|kassa\.conf:\d+|what is this/],
    };
    for (const [what, [change, said]] of Object.entries(FAULTS)) {
      it(`${what}: refused by --check-config and by a start`, { timeout: 30000 }, async () => {
        const c = copy(change);
        for (const more of [['--check-config'], []]) {
          const { code, stderr } = await run(KASSAD, ['--config', c.config, ...more], { cwd: c.dir, ms: 20000 });
          assert.equal(code, 1, `${more}: ${code} ${stderr}`);
          assert.match(stderr, said);
          assert.doesNotMatch(stderr, /"event":"started"/);
        }
      });
    }

    it('an address that is taken: 1, with its name', { timeout: 30000 }, async () => {
      const c = copy((dir) => configSet(path.join(dir, 'kassa.conf'), { server: { listen: `127.0.0.1:${w.simPort}` } }));
      const { code, stderr } = await run(KASSAD, ['--config', c.config], { cwd: c.dir, ms: 20000 });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`can't listen on 127\\.0\\.0\\.1:${w.simPort}`));
    });
  });
});
