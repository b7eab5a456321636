// Looks into a running kassad's store: one sqlite3 or psql that stays open, as a `kassa` for each look would be most of a story's work.
import { spawn } from 'node:child_process';
import { isServer } from '../../api/lib/store.mjs';

const END = '--end--';

export class Look {
  constructor(store) {
    this.store = store;
    this.server = isServer(store);
    this.last = Promise.resolve();
  }

  open() {
    const [program, args] = this.server ? ['psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', this.store]]
      : ['sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000', this.store]];
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  /** The rows of one statement, as objects. */
  rows(sql) {
    const asked = this.last.then(() => this.ask(sql));
    this.last = asked.catch(() => {});
    return asked;
  }

  ask(sql) {
    this.child ?? this.open();
    const { stdin, stdout } = this.child;
    return new Promise((resolve, reject) => {
      let text = '';
      const done = (finish, value) => {
        stdout.removeAllListeners('data').removeAllListeners('end');
        finish(value);
      };
      stdout.on('end', () => done(reject, new Error('who looked into the store ended')));
      stdout.on('data', (bytes) => {
        text += bytes;
        if (text.endsWith(`${END}\n`)) {
          done(resolve, JSON.parse(text.slice(0, -END.length - 1) || '[]'));
        }
      });
      stdin.write(this.server ? `SELECT coalesce(json_agg(r), '[]') FROM (${sql}) r;\n\\echo ${END}\n` : `${sql};\n.print ${END}\n`);
    });
  }

  /** To be done before kassad is killed: who else has the store open would spare it the recovery. */
  async close() {
    const { child, ended } = this;
    this.child = undefined;
    if (child) {
      child.kill('SIGKILL');
      await ended;
    }
  }
}
