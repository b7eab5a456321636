// A machine of the cluster: one program with all that it starts, which can be killed, hang and come back as a whole.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../../api/lib/process.mjs';

const WARDEN = path.join(path.dirname(fileURLToPath(import.meta.url)), 'warden.py');

export class Machine {
  /** `dir` is the program's own; `user` runs it when the test is root. */
  constructor(name, dir, user, command) {
    Object.assign(this, { name, dir, user, command, log: path.join(dir, `${name}.log`) });
  }

  start() {
    this.child = spawn('/usr/bin/python3', [WARDEN, this.user, this.log, ...this.command], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
    return this;
  }

  get isUp() {
    return Boolean(this.child);
  }

  tell(text) {
    return new Promise((resolve, reject) => {
      this.child.stdout.once('data', resolve);
      this.child.once('close', () => reject(new Error(`the warden of ${this.name} ended`)));
      this.child.stdin.write(`${text}\n`);
    });
  }

  /** All processes at once, as when the power goes. */
  async kill() {
    const { child } = this;
    this.child = undefined;
    child?.stdin.end();
    await this.ended;
  }

  /** Of all its processes those with the name `only`. */
  killOnly(only) {
    return this.tell(`kill ${only}`);
  }

  hang(only = '') {
    return this.tell(`hang ${only}`);
  }

  wake(only = '') {
    return this.tell(`wake ${only}`);
  }

  text() {
    return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8') : '';
  }

  ready(fn, ms = 60000) {
    return until(() => fn().catch(() => false), { ms, every: 100, what: `the start of ${this.name}` }).catch((error) => {
      throw new Error(`${error.message}\n${this.text().slice(-3000)}`);
    });
  }
}
