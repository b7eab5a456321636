// Writes src/gen: the texts of each language, the types of the API, its error codes. Says what is wrong with the texts.
//     node build/generate.mjs
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import openapi, { astToString } from 'openapi-typescript';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../../..');
const SRC = join(HERE, '../src');
const GEN = join(SRC, 'gen');
const LANGUAGES = ['en', 'bn'];

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const holes = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join(' ');
const union = (names) => (names.length ? names.map((name) => `\n  | '${name}'`).join('') : ' never');

function texts() {
  const faults = [], all = {};
  for (const file of readdirSync(join(SRC, 'text')).filter((name) => name.endsWith('.json')).sort()) {
    const area = file.replace('.json', '');
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(join(SRC, 'text', file), 'utf8')))) {
      if (!key.startsWith(`${area}.`) || !/^[a-z0-9_.]+$/.test(key)) {
        faults.push(`${file}: ${key} must begin with "${area}." and be of small letters, digits, _ and .`);
      }
      for (const language of LANGUAGES) {
        if (typeof text[language] !== 'string' || !text[language].trim()) {
          faults.push(`${file}: ${key} has no text in ${language}`);
        } else if (holes(text[language]) !== holes(text.en ?? '')) {
          faults.push(`${file}: ${key} has other placeholders in ${language} than in en`);
        }
      }
      all[key] = text;
    }
  }
  if (faults.length) {
    throw new Error(`the texts are not complete:\n  ${faults.join('\n  ')}`);
  }
  for (const language of LANGUAGES) {
    write(`${language}.json`, `${JSON.stringify(Object.fromEntries(Object.entries(all).map(([key, text]) => [key, text[language]])))}\n`);
  }
  write('text-key.ts', `export type TextKey =${union(Object.keys(all))};\n`);
}

// The rows NAME(first, rest...) of a table of the server's.
function rows(path, name) {
  const found = [...read(path).matchAll(new RegExp(`^${name}\\((\\w+)\\s*,?([^)]*)\\)`, 'gm'))];
  return found.map((row) => ({ name: row[1], rest: row[2].split(',').map((text) => text.trim()) }));
}

function roles() {
  const all = rows('src/core/roles.def', 'R').map((row) => row.name);
  const actions = rows('src/core/roles.def', 'A');
  if (!all.length || actions.some((row) => row.rest.length !== all.length)) {
    throw new Error('src/core/roles.def has another form than build/generate.mjs reads');
  }
  write('role.ts', `export type Role =${union(all)};\nexport type Action =${union(actions.map((row) => row.name))};\n`);
}

function write(name, text) {
  writeFileSync(join(GEN, name), text);
}

mkdirSync(GEN, { recursive: true });
texts();
roles();
const codes = (row) => union(rows('src/http/cabinet_errors.def', row).map((found) => found.name));
write('error-code.ts', `export type ErrorCode =${codes('E')};\nexport type FieldCode =${codes('F')};\n`);
write('api.ts', astToString(await openapi(pathToFileURL(join(ROOT, 'doc/cabinet-api.yaml')))));
