// Money, times and ids.
import { useState } from 'preact/hooks';
import { clock, date, dateTime, money } from '../format';
import { t, useLanguage } from '../text-hooks';
import { IconButton } from './button';
import { say } from './say';

export function Money({ poisha }: { poisha: number }) {
  const language = useLanguage();
  return <span class="tabular">{money(poisha, language)}</span>;
}

// A moment, in Dhaka. `form`: both date and time unless told otherwise; 0 and null: never.
export function Time({ at, form = 'both', seconds, never }: {
  at: number | null | undefined; form?: 'both' | 'date' | 'clock'; seconds?: boolean; never?: string;
}) {
  const language = useLanguage();
  if (!at) {
    return <span class="soft">{never ?? t('common.never')}</span>;
  }
  const text = form === 'date' ? date(at, language) : form === 'clock' ? clock(at, seconds, language) : dateTime(at, seconds, language);
  return <time class="tabular" dateTime={new Date(at).toISOString()} title={dateTime(at, true, language)}>{text}</time>;
}

const COPIED_MS = 2000;

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // without https, or without leave: the old way, by a selection
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'unseen';
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

// A text with a button that copies it. `of` says what it is, for the button's name. `hidden`: the button alone.
export function Copy({ text, of, shown, only }: { text: string; of: string; shown?: string; only?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (await copyText(text)) {
      setCopied(true);
      say(t('common.copied', { what: of }));
      setTimeout(() => setCopied(false), COPIED_MS);
    } else {
      say(t('common.copy_failed'));
    }
  };
  return (
    <span class="copy">
      {!only && <code>{shown ?? text}</code>}
      <IconButton icon={copied ? 'check' : 'copy'} label={t('common.copy', { what: of })} small onClick={() => void copy()} />
    </span>
  );
}
