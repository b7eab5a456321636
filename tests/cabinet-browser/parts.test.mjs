// The web program's pure parts, and its texts: bundled as they are for browsers and run here.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const WEB = fileURLToPath(new URL('../../web/cabinet/', import.meta.url));
const own = createRequire(join(WEB, 'package.json'));
const viteNeeds = createRequire(own.resolve('vite/package.json'));
const ts = own('typescript');

let folder;
let format, route, api, agent;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kassa-parts-'));
  // what the modules look for in a browser when they are loaded
  globalThis.location = new URL('http://localhost/cabinet');
  const load = async (name) => {
    const out = join(folder, `${name}.mjs`);
    await viteNeeds('esbuild').build({ entryPoints: [join(WEB, 'src', `${name}.ts`)], bundle: true, format: 'esm', outfile: out, logLevel: 'error' });
    return import(pathToFileURL(out));
  };
  [format, route, api, agent] = await Promise.all(['format', 'route', 'api', 'agent'].map(load));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('taka are grouped as in South Asia, in both scripts, exactly', () => {
  const rows = [
    [0, '৳0.00', '৳০.০০'], [5, '৳0.05', '৳০.০৫'], [99999, '৳999.99', '৳৯৯৯.৯৯'], [100000, '৳1,000.00', '৳১,০০০.০০'],
    [10000000, '৳1,00,000.00', '৳১,০০,০০০.০০'], [123456789012, '৳1,23,45,67,890.12', '৳১,২৩,৪৫,৬৭,৮৯০.১২'], [-2550, '−৳25.50', '−৳২৫.৫০'],
    [Number.MAX_SAFE_INTEGER, '৳9,00,71,99,25,47,409.91', '৳৯,০০,৭১,৯৯,২৫,৪৭,৪০৯.৯১'],
  ];
  for (const [poisha, en, bn] of rows) {
    assert.equal(format.money(poisha, 'en'), en);
    assert.equal(format.money(poisha, 'bn'), bn);
  }
});

test('what somebody types as taka is read in both scripts, and nothing else is', () => {
  for (const [text, poisha] of [['1,250.5', 125050], ['৳ ১,২৫০.৫০', 125050], ['0.01', 1], ['7', 700], ['', null], ['1.234', null], ['-5', null], ['1e3', null],
    ['١', null]]) {
    assert.equal(format.poishaOf(text), poisha, text);
  }
});

test('times are Dhaka\'s, whatever the browser\'s zone, and named as people name them', () => {
  const at = Date.UTC(2026, 10, 24, 18, 31, 7); // half past midnight of the 25th there
  assert.equal(format.dateTime(at, false, 'en'), '25 Nov 2026, 12:31 AM');
  assert.equal(format.dateTime(at, true, 'bn'), '২৫ নভেম্বর ২০২৬, রাত ১২:৩১:০৭');
  assert.equal(format.dayOf(at), '2026-11-25');
  assert.equal(format.dayOf(format.dayStart('2026-11-25')), '2026-11-25');
  assert.equal(format.dayOf(format.dayStart('2026-11-25') - 1), '2026-11-24');
  const part = (hour) => format.clock(Date.UTC(2026, 0, 1, hour) - 6 * 3600e3, false, 'bn').split(' ')[0];
  assert.deepEqual([0, 5, 9, 13, 16, 18, 22].map(part), ['রাত', 'ভোর', 'সকাল', 'দুপুর', 'বিকাল', 'সন্ধ্যা', 'রাত']);
});

test('durations have the two units that matter', () => {
  assert.deepEqual([3, 412, 1500, 59_000, 65_000, 3_600_000, 90_061_000].map((ms) => format.duration(ms, 'en')),
    ['3 ms', '412 ms', '1.5 s', '59 s', '1 min 5 s', '1 h', '1 d 1 h']);
  assert.equal(format.duration(65_000, 'bn'), '১ মিনিট ৫ সেকেন্ড');
});

test('addresses are matched part by part', () => {
  assert.deepEqual(route.match('/payments/:id', '/payments/17'), { id: '17' });
  assert.deepEqual(route.match('/payments/:id', '/payments/a%20b'), { id: 'a b' });
  assert.equal(route.match('/payments/:id', '/payments'), null);
  assert.equal(route.match('/payments/:id', '/payments/1/2'), null);
  assert.equal(route.match('/payments/:id', '/payments/%'), null);
  assert.equal(route.href('/payments', { status: 'paid', after: undefined }), '/cabinet/payments?status=paid');
  assert.equal(route.href('/'), '/cabinet');
});

test('a call\'s address escapes what is put into it', () => {
  assert.equal(api.address('/payments/{id}/x', { path: { id: 'a/../b?c' }, query: { limit: 5, after: null, q: 'a&b' } }),
    '/cabinet/api/payments/a%2F..%2Fb%3Fc/x?limit=5&q=a%26b');
});

test('browsers are named as people know them', () => {
  const named = (text) => agent.agentName(`Mozilla/5.0 (${text}`);
  assert.equal(named('Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'), 'Chrome, Windows');
  assert.equal(named('Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0'), 'Edge, Windows');
  assert.equal(named('Linux; Android 14; SM-A146P) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36'),
    'Samsung Internet, Android');
  assert.equal(named('iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1'), 'Safari, iPhone');
  assert.equal(named('X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0'), 'Firefox, Linux');
  assert.equal(agent.agentName('curl/8.5'), undefined);
});

// ---- texts ----

const sources = readdirSync(join(WEB, 'src'), { recursive: true }).map(String).filter((name) => /\.tsx?$/.test(name) && !name.startsWith('gen'));
const parsed = sources.map((name) => ts.createSourceFile(name, readFileSync(join(WEB, 'src', name), 'utf8'), ts.ScriptTarget.ES2020, true,
  name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS));
const texts = Object.assign({}, ...readdirSync(join(WEB, 'src/text')).map((name) => JSON.parse(readFileSync(join(WEB, 'src/text', name), 'utf8'))));

function walk(node, see) {
  see(node);
  ts.forEachChild(node, (child) => walk(child, see));
}

test('every text is in both languages, with the same placeholders, and in its own script', () => {
  for (const [key, text] of Object.entries(texts)) {
    const holes = (of) => [...new Set(of.match(/\{\w+\}/g) ?? [])].sort();
    assert.ok(text.en?.trim() && text.bn?.trim(), `${key} is in both languages`);
    assert.deepEqual(holes(text.bn), holes(text.en), key);
    assert.doesNotMatch(text.en, /[ঀ-৿]/, `${key} is English`);
    assert.doesNotMatch(text.bn, /[0-9]/, `${key} has Bangla digits`);
    assert.match(text.bn.replace(/\{\w+\}/g, ''), /[ঀ-৿]|^(Kassa|CSV|TrxID|API|UUID|URL|IP|\W)*$/, `${key} is Bangla`);
  }
});

test('every text is used', () => {
  const used = new Set(), beginnings = [];
  for (const file of parsed) {
    walk(file, (node) => {
      if (ts.isStringLiteralLike(node)) {
        used.add(node.text);
      } else if (ts.isTemplateHead(node)) {
        beginnings.push(node.text);
      }
    });
  }
  const unused = Object.keys(texts).filter((key) => !key.startsWith('common.') && !used.has(key) && !beginnings.some((start) => start.includes('.') && key.startsWith(start)));
  assert.deepEqual(unused, []);
});

test('every error and every fault of a field that the server knows has a text', () => {
  const table = readFileSync(join(WEB, '../../src/http/cabinet_errors.def'), 'utf8');
  const names = (row) => [...table.matchAll(new RegExp(`^${row}\\((\\w+)`, 'gm'))].map((found) => found[1]);
  assert.ok(names('E').length > 10 && names('F').length > 3);
  assert.deepEqual(names('E').filter((code) => !texts[`error.${code}`]), []);
  assert.deepEqual(names('F').filter((code) => !texts[`field.${code}`]), []);
});

test('no words stand in the sources themselves', () => {
  const SHOWN = new Set(['label', 'title', 'lead', 'hint', 'placeholder', 'aria-label', 'alt', 'caption', 'never', 'yes']);
  const found = [];
  for (const file of parsed) {
    walk(file, (node) => {
      const words = ts.isJsxText(node) ? node.text
        : ts.isJsxAttribute(node) && SHOWN.has(node.name.getText(file)) && node.initializer && ts.isStringLiteral(node.initializer) ? node.initializer.text : '';
      if (/\p{L}{2}/u.test(words)) {
        found.push(`${file.fileName}: ${words.trim()}`);
      }
    });
  }
  assert.deepEqual(found, []);
});
