// The command line `kassa`, as operators use it. All that the suites know of its words is here.
import fs from 'node:fs';
import path from 'node:path';
import { run } from './process.mjs';
import { onPostgres, storeNew, storeRemove } from './store.mjs';

export class Cli {
  constructor(build, dir) {
    this.program = path.join(build, 'kassa');
    this.dir = dir;
    this.config = path.join(dir, 'kassa.conf');
  }

  /** Runs `kassa ARGS`; gives {code, stdout, stderr}. */
  try(args, options) {
    return run(this.program, args.map(String), { cwd: this.dir, ...options });
  }

  /** The same, with the installation's configuration; throws unless it ends with 0. Gives what it prints. */
  async run(args, options) {
    const result = await this.try([...args, '--config', this.config], options);
    if (result.code !== 0) {
      throw new Error(`kassa ${args.join(' ')} ended with ${result.code}:\n${result.stderr}${result.stdout}`);
    }
    return result.stdout;
  }

  /** The same for commands that print one JSON value. */
  async json(args, options) {
    const text = await this.run([...args, '--json'], options);
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`kassa ${args.join(' ')} --json printed no JSON:\n${text}`);
    }
  }

  /** `store` is then where it is. */
  async init({ sandbox = true, onFile = false } = {}) {
    this.store = await storeNew(this.dir, onFile || undefined);
    const place = onPostgres && !onFile ? ['--set', `store.path=${this.store}`] : [];
    const result = await this.try(['init', ...(sandbox ? ['--sandbox'] : []), '--dir', this.dir, ...place]);
    if (result.code !== 0) {
      throw new Error(`kassa init ended with ${result.code}:\n${result.stderr}${result.stdout}`);
    }
  }

  async discard() {
    await storeRemove(this.store);
  }
}

/** Sets keys of a configuration file: {section: {key: value}}. */
export function configSet(file, values) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (const [section, keys] of Object.entries(values)) {
    for (const [key, value] of Object.entries(keys)) {
      const start = lines.indexOf(`[${section}]`);
      if (start < 0) {
        lines.push(`[${section}]`, `${key} = ${value}`);
        continue;
      }
      let end = lines.findIndex((line, i) => i > start && line.startsWith('['));
      end = end < 0 ? lines.length : end;
      const at = lines.findIndex((line, i) => i > start && i < end && new RegExp(`^#?${key} *=`).test(line));
      if (at < 0) {
        lines.splice(start + 1, 0, `${key} = ${value}`);
      } else {
        lines[at] = `${key} = ${value}`;
      }
    }
  }
  fs.writeFileSync(file, lines.join('\n'));
}
