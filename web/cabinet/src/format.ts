// Money, numbers and times as people in Bangladesh write them. Pure: the language is given.
import { digits, language, type Language } from './text';

const DHAKA_MS = 6 * 3600 * 1000; // the whole year
const MONTHS: Record<Language, readonly string[]> = {
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  bn: ['জানুয়ারি', 'ফেব্রুয়ারি', 'মার্চ', 'এপ্রিল', 'মে', 'জুন', 'জুলাই', 'আগস্ট', 'সেপ্টেম্বর', 'অক্টোবর', 'নভেম্বর', 'ডিসেম্বর'],
};
// From which hour on a part of the day is called so.
const PARTS: readonly [number, string][] = [
  [20, 'রাত'], [18, 'সন্ধ্যা'], [15, 'বিকাল'], [12, 'দুপুর'], [6, 'সকাল'], [4, 'ভোর'], [0, 'রাত'],
];

const two = (n: number) => String(n).padStart(2, '0');

// 1234567 -> 12,34,567: the last three digits, then pairs.
export function grouped(whole: string): string {
  const last = whole.slice(-3);
  const rest = whole.slice(0, -3);
  return rest ? `${rest.replace(/\B(?=(\d\d)+$)/g, ',')},${last}` : last;
}

export function number(n: number, lang: Language = language.get()): string {
  return (n < 0 ? '−' : '') + digits(grouped(String(Math.abs(n))), lang);
}

// An integer of poisha: 10000000 -> ৳1,00,000.00
export function money(poisha: number, lang: Language = language.get()): string {
  const text = String(Math.abs(poisha)).padStart(3, '0');
  return `${poisha < 0 ? '−' : ''}৳${digits(`${grouped(text.slice(0, -2))}.${text.slice(-2)}`, lang)}`;
}

// 0.9731 -> 97.3%
export function percent(share: number, lang: Language = language.get()): string {
  return `${digits((Math.round(share * 1000) / 10).toFixed(1), lang)}%`;
}

function dhaka(ms: number): Date {
  return new Date(ms + DHAKA_MS); // its UTC fields are Dhaka's
}

// 2026-11-24, in Dhaka: what date fields and the API speak.
export function dayOf(ms: number): string {
  return dhaka(ms).toISOString().slice(0, 10);
}

// The first millisecond of a day of Dhaka, "2026-11-24".
export function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - DHAKA_MS;
}

export function date(ms: number, lang: Language = language.get()): string {
  const d = dhaka(ms);
  return digits(`${d.getUTCDate()} ${MONTHS[lang][d.getUTCMonth()]} ${d.getUTCFullYear()}`, lang);
}

export function clock(ms: number, seconds = false, lang: Language = language.get()): string {
  const d = dhaka(ms);
  const hour = d.getUTCHours();
  const time = `${hour % 12 || 12}:${two(d.getUTCMinutes())}${seconds ? `:${two(d.getUTCSeconds())}` : ''}`;
  if (lang === 'en') {
    return `${time} ${hour < 12 ? 'AM' : 'PM'}`;
  }
  const part = PARTS.find(([from]) => hour >= from)?.[1] ?? '';
  return `${part} ${digits(time, lang)}`;
}

export function dateTime(ms: number, seconds = false, lang: Language = language.get()): string {
  return `${date(ms, lang)}, ${clock(ms, seconds, lang)}`;
}

// 412 -> 412 ms, 65000 -> 1 min 5 s
export function duration(ms: number, lang: Language = language.get()): string {
  const unit = lang === 'bn'
    ? { ms: 'মি.সে.', s: 'সেকেন্ড', min: 'মিনিট', h: 'ঘণ্টা', d: 'দিন' } : { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' };
  const say = (n: number | string, name: keyof typeof unit) => `${digits(String(n), lang)} ${unit[name]}`;
  if (ms < 1000) {
    return say(Math.round(ms), 'ms');
  }
  if (ms < 10_000) {
    return say((ms / 1000).toFixed(1), 's');
  }
  const s = Math.floor(ms / 1000);
  const parts: [number, keyof typeof unit][] = [
    [Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's'],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, name]) => say(n, name)).join(' ');
}

// What somebody typed as taka, in either script: "1,250.5" -> 125050; null when it is no amount.
export function poishaOf(text: string): number | null {
  const plain = text.trim().replace(/[০-৯]/g, (digit) => String(digit.charCodeAt(0) - 0x9e6)).replace(/^৳\s*/, '').replace(/,/g, '');
  const found = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(plain);
  return found ? Number(`${found[1]}${(found[2] ?? '').padEnd(2, '0')}`) : null;
}
