// What pages read: loading, shown, failed, loaded again.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { t } from '../text';
import { Button } from './button';
import { errorText } from './form';
import { Notice } from './surface';

export interface Loaded<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
  reload(): void;
}

// Reads when `on` changes, and again by itself when the network is back after it failed. Late answers to older questions count nothing.
export function useLoad<T>(read: () => Promise<T>, on: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data: T | undefined; error: unknown; loading: boolean }>({ data: undefined, error: null, loading: true });
  const [round, setRound] = useState(0);
  const asked = useRef(0);
  useEffect(() => {
    const mine = ++asked.current;
    setState((old) => ({ ...old, error: null, loading: true }));
    read().then(
      (data) => mine === asked.current && setState({ data, error: null, loading: false }),
      (error: unknown) => mine === asked.current && setState((old) => ({ ...old, error, loading: false })),
    );
    return () => { asked.current++; };
  }, [...on, round]);
  const reload = () => setRound((n) => n + 1);
  useEffect(() => {
    if (!(state.error instanceof ApiError) || state.error.code !== 'offline') {
      return undefined;
    }
    addEventListener('online', reload);
    return () => removeEventListener('online', reload);
  }, [state.error]);
  return { ...state, reload };
}

// `tall`: most of the page waits for it; so much room is kept that what is below does not jump.
export function Load<T>({ of, tall, children }: { of: Loaded<T>; tall?: boolean; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.error ? (
        <div role="alert">
          <Notice tone="bad">
            <div class="row spread">
              <span>{errorText(of.error)}</span>
              <Button small icon="again" onClick={of.reload} testId="again">{t('common.again')}</Button>
            </div>
          </Notice>
        </div>
      ) : null}
      {of.data !== undefined ? children(of.data) : of.loading && <Bones tall={tall} />}
    </>
  );
}

export function Bones({ tall }: { tall?: boolean }) {
  return (
    <div class={`bones${tall ? ' tall' : ''}`} role="status">
      <span class="unseen">{t('common.loading')}</span>
      <div class="bone" /><div class="bone" /><div class="bone" />
    </div>
  );
}

export interface Listed<T> extends Loaded<T[]> {
  more: (() => void) | undefined;
  moreBusy: boolean;
}

// A list that comes in pieces: `read` gets the cursor of the next one.
export function useList<T>(read: (cursor: string | undefined) => Promise<{ items: T[]; next?: string | null }>, on: readonly unknown[]): Listed<T> {
  const [items, setItems] = useState<T[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [moreBusy, setMoreBusy] = useState(false);
  const [moreError, setMoreError] = useState<unknown>(null);
  const first = useLoad(async () => {
    const got = await read(undefined);
    setItems(got.items);
    setNext(got.next ?? null);
    setMoreError(null);
    return got.items;
  }, on);
  const more = async () => {
    const cursor = next;
    if (!cursor || moreBusy) {
      return;
    }
    setMoreBusy(true);
    try {
      const got = await read(cursor);
      setItems((old) => [...old, ...got.items]);
      setNext(got.next ?? null);
      setMoreError(null);
    } catch (error) {
      setMoreError(error);
    } finally {
      setMoreBusy(false);
    }
  };
  return {
    ...first, data: first.data && items, error: first.error ?? moreError, moreBusy,
    more: next ? () => void more() : undefined,
  };
}
