// Lighthouse on the pages that people see first, by its mobile profile (a slow phone on a slow net, simulated):
//     KASSA_BUILD=$PWD/build node tests/bench/lighthouse.mjs
// It is no package of the suites: npx fetches the version below when it is not there yet.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { World } from '../api/lib/harness.mjs';
import { accept, invite } from '../cabinet/lib/cabinet.mjs';

const LIGHTHOUSE = 'lighthouse@12.8.2';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const MISSED_BELOW = 0.9;

const w = await new World().start();
const owner = await accept(w, await invite(w, 'merchant_owner'));
const Cookie = Object.entries(owner.cookies).map(([name, value]) => `${name}=${value}`).join('; ');
const payment = await w.create({ amount: '1234.50', desc: 'Cotton saree' });
const PAGES = [
  ['payment page', payment.url], ['sign-in', `${w.payUrl}/cabinet`], ['overview', `${w.payUrl}/cabinet`, { Cookie }],
  ['profile', `${w.payUrl}/cabinet/profile`, { Cookie }], ['people', `${w.payUrl}/cabinet/people`, { Cookie }],
];
try {
  for (const [name, url, headers] of PAGES) {
    const out = join(w.dir, 'lighthouse.json');
    execFileSync('npx', ['--yes', LIGHTHOUSE, url, '--quiet', '--output=json', `--output-path=${out}`, `--only-categories=${CATEGORIES}`,
      '--chrome-flags=--headless=new --no-sandbox --disable-gpu', ...(headers ? [`--extra-headers=${JSON.stringify(headers)}`] : [])],
    { env: { CHROME_PATH: '/usr/bin/chromium', ...process.env }, stdio: ['ignore', 'ignore', 'inherit'] });
    const { categories, audits } = JSON.parse(readFileSync(out, 'utf8'));
    const scores = CATEGORIES.map((category) => `${category} ${Math.round(categories[category].score * 100)}`).join(', ');
    console.log(`${name}: ${scores}; painted after ${audits['largest-contentful-paint'].displayValue}, ${audits['total-byte-weight'].displayValue}`);
    const weighed = new Set(CATEGORIES.flatMap((category) => categories[category].auditRefs.filter((ref) => ref.weight > 0).map((ref) => ref.id)));
    for (const audit of Object.values(audits).filter((a) => weighed.has(a.id) && a.score !== null && a.score < MISSED_BELOW)) {
      console.log(`    ${audit.title}: ${audit.displayValue ?? audit.score}`);
    }
  }
} finally {
  await w.stop();
}
