// The texts of the language in use. A text may have {placeholders}, and "one | other" where a number decides.
import type { TextKey } from './gen/text-key';
import { keep, kept, store } from './store';

export type Language = 'en' | 'bn';
export type { TextKey };
export type Values = Record<string, string | number>;

const KEPT = 'kassa.language';
let table: Record<string, string> = {};
export const language = store<Language>('en');

// What this browser chose, else what the person did, else what the browser speaks.
export function languageWanted(person?: string): Language {
  for (const chosen of [kept(KEPT), person]) {
    if (chosen === 'en' || chosen === 'bn') {
      return chosen;
    }
  }
  return navigator.languages.some((name) => name.toLowerCase().startsWith('bn')) ? 'bn' : 'en';
}

export async function languageUse(wanted: Language): Promise<void> {
  const texts = wanted === 'bn' ? await import('./gen/bn.json') : await import('./gen/en.json');
  table = texts.default;
  document.documentElement.lang = wanted;
  language.set(wanted);
}

export async function languageChoose(wanted: Language): Promise<void> {
  keep(KEPT, wanted);
  await languageUse(wanted);
}

const fill = (text: string, values: Values) => text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));

export function t(key: TextKey, values: Values = {}): string {
  return fill(table[key] ?? key, values);
}

// A text that depends on a number: its placeholder is {n}.
export function tn(key: TextKey, n: number, values: Values = {}): string {
  const forms = (table[key] ?? key).split(' | ');
  return fill((n === 1 ? forms[0] : forms[forms.length - 1]) ?? '', { n: digits(String(n)), ...values });
}

// The text of a name that the server told; absent when there is none.
export function tMaybe(key: string): string | undefined {
  return table[key];
}

// A text with Latin digits in the digits of the language.
export function digits(text: string, lang: Language = language.get()): string {
  return lang === 'bn' ? text.replace(/[0-9]/g, (digit) => String.fromCharCode(0x9e6 + Number(digit))) : text;
}
