// Bytes made visible: what cannot be seen gets a sign of its own.
export interface Piece {
  text: string;
  kind: 'plain' | 'sign' | 'mark';
}

const AROUND = 60;
const SIGNS: Record<string, string> = { '\n': '⏎', '\r': '␍', '\t': '⇥', '\u{feff}': 'BOM', '\u{0}': '␀' };

export const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

// A start within a character goes back to its first byte.
function edge(bytes: Uint8Array, at: number): number {
  while (at > 0 && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) {
    at--;
  }
  return at;
}

function pieces(text: string, kind: 'plain' | 'mark'): Piece[] {
  const found: Piece[] = [];
  for (const char of text) {
    const sign = SIGNS[char] ?? (char < ' ' || char === '\u{fffd}' ? '·' : undefined);
    const last = found.at(-1);
    const next: Piece = { text: sign ?? char, kind: kind === 'mark' ? 'mark' : sign ? 'sign' : 'plain' };
    if (last && last.kind === next.kind) {
      last.text += next.text;
    } else {
      found.push(next);
    }
  }
  return found;
}

export interface View {
  before: boolean; // something was left out in front, and behind
  after: boolean;
  parts: Piece[];
}

// The text around the place where it differs (-1: nowhere), whole when it is short.
export function viewOf(bytes: Uint8Array, differs: number): View {
  const whole = bytes.length <= 400;
  const at = differs < 0 ? bytes.length : edge(bytes, differs);
  const from = whole ? 0 : edge(bytes, Math.max(0, (differs < 0 ? 0 : at) - AROUND));
  const to = whole ? bytes.length : edge(bytes, Math.min(bytes.length, (differs < 0 ? 300 : at + 2 * AROUND)));
  const split = Math.min(Math.max(at, from), to);
  const decode = (part: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(part);
  const rest = decode(bytes.subarray(split, to));
  // a letter with its signs
  const marked = differs < 0 ? '' : /^.\p{M}*/su.exec(rest)?.[0] ?? '';
  return {
    before: from > 0,
    after: to < bytes.length,
    parts: [...pieces(decode(bytes.subarray(from, split)), 'plain'), ...pieces(marked, 'mark'), ...pieces(rest.slice(marked.length), 'plain')],
  };
}
