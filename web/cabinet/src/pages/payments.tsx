// Finding payments: by any of their names, or by what they are.
import { useEffect, useState } from 'preact/hooks';
import { address, get } from '../api';
import { date, dayStart, poishaOf } from '../format';
import { Button, ButtonLink } from '../parts/button';
import { Field, SelectField } from '../parts/field';
import { Load, useLoad } from '../parts/load';
import { errorText } from '../parts/form';
import { StateBadge } from '../parts/payment';
import { Card, Empty, Notice, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Money, Time } from '../parts/value';
import type { PageProps } from '../pages';
import { go, href } from '../route';
import { t } from '../text';
import { useLanguage } from '../text-hooks';
import '../style/money.css';

type Item = Awaited<ReturnType<typeof read>>['items'][number];
const NAMES = ['status', 'wallet', 'least', 'most', 'from', 'to', 'account'] as const;
type Filters = Record<(typeof NAMES)[number], string>;
const STATES = ['waiting', 'review', 'paid', 'cancelled', 'failed'] as const;
const WALLETS = ['bkash', 'nagad', 'rocket'] as const;

// What was typed in either script, as the server reads it.
function amountOf(text: string): string {
  const poisha = poishaOf(text);
  return poisha === null ? text : (poisha / 100).toFixed(2);
}

function asked(q: string, filters: Filters): Record<string, string> {
  const told = { ...filters, least: filters.least && amountOf(filters.least), most: filters.most && amountOf(filters.most), q };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value));
}

const read = (q: string, filters: Filters, after?: string) => get('/payments', { query: { ...asked(q, filters), after } as never });

export default function Payments({ query }: PageProps) {
  const filters = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ''])) as Filters;
  const q = query.get('q') ?? '';
  const any = NAMES.some((name) => filters[name]);
  const [shown, setShown] = useState(any);
  const file = address('/payments/export', { query: asked('', filters) });
  return (
    <Page title={t('payments.title')} lead={t('payments.lead')}
      actions={!q && <ButtonLink icon="download" href={file} download testId="export">{t('payments.export')}</ButtonLink>}>
      <Card>
        <div class="stack">
          <Search q={q} filters={filters} />
          <div class="actions">
            <Button small icon="filter" onClick={() => setShown(!shown)} testId="filters">{t(shown ? 'payments.filters_hide' : 'payments.filters')}</Button>
            {(any || q) && <Button small look="quiet" onClick={() => go('/payments', {}, true)}>{t('payments.filters_clear')}</Button>}
          </div>
          {shown && <FilterForm key={JSON.stringify(filters)} filters={filters} />}
        </div>
      </Card>
      <Found key={JSON.stringify([q, filters])} q={q} filters={filters} />
    </Page>
  );
}

function Search({ q, filters }: { q: string; filters: Filters }) {
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  return (
    <form role="search" class="search" onSubmit={(event) => {
      event.preventDefault();
      go('/payments', text.trim() ? { q: text.trim() } : { ...filters }, true);
    }}>
      <Field name="q" type="search" label={t('payments.search')} hint={t('payments.search_hint')} value={text} onInput={setText} free maxLength={200} />
      <Button type="submit" look="primary" icon="search" testId="search">{t('payments.search_go')}</Button>
    </form>
  );
}

function FilterForm({ filters }: { filters: Filters }) {
  const [values, setValues] = useState(filters);
  const field = (name: keyof Filters) => ({ name, value: values[name], onInput: (value: string) => setValues((old) => ({ ...old, [name]: value })) });
  const wrong = (['least', 'most'] as const).filter((name) => values[name] && poishaOf(values[name]) === null);
  const fault = (name: 'least' | 'most') => (wrong.includes(name) ? { error: t('payments.amount_wrong') } : {});
  return (
    <form class="filters" onSubmit={(event) => {
      event.preventDefault();
      if (wrong.length === 0) {
        go('/payments', values, true);
      }
    }}>
      <SelectField {...field('status')} label={t('payments.state')} options={[{ value: '', label: t('payments.any') },
        ...STATES.map((state) => ({ value: state, label: t(`payments.filter_${state}`) }))]} />
      <SelectField {...field('wallet')} label={t('payments.wallet')} options={[{ value: '', label: t('payments.any') },
        ...WALLETS.map((wallet) => ({ value: wallet, label: t(`payments.wallet_${wallet}`) }))]} />
      <Field {...field('least')} {...fault('least')} label={t('payments.least')} inputMode="decimal" free />
      <Field {...field('most')} {...fault('most')} label={t('payments.most')} inputMode="decimal" free />
      <Field {...field('from')} type="date" label={t('payments.from')} free />
      <Field {...field('to')} type="date" label={t('payments.to')} free />
      <div class="actions"><Button type="submit" testId="filter">{t('payments.filter_go')}</Button></div>
    </form>
  );
}

// A call looks at so many payments: what is rare comes with further ones, which the person asks for.
function Found({ q, filters }: { q: string; filters: Filters }) {
  const language = useLanguage();
  const [more, setMore] = useState<Item[]>([]);
  const [cursor, setCursor] = useState<{ next: string | null; to: string | null } | undefined>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const first = useLoad(() => read(q, filters), [q, JSON.stringify(filters)]);
  const at = cursor ?? (first.data && { next: first.data.next, to: first.data.searched_to });
  const go_on = async () => {
    if (!at?.next || busy) {
      return;
    }
    setBusy(true);
    setError(null);
    try {
      const got = await read(q, filters, at.next);
      setMore((old) => [...old, ...got.items]);
      setCursor({ next: got.next, to: got.searched_to });
    } catch (fault) {
      setError(fault);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Load of={first} tall>{(got) => {
      const items = [...got.items, ...more];
      return (
        <Card flush testId="found">
          <p class="unseen" role="status">{t('payments.found', { n: items.length })}</p>
          {items.length === 0 ? <None q={q} going={Boolean(at?.next)} /> : (
            <Table caption={t('payments.title')} items={items} id={(item) => item.id} linked columns={[
              { label: t('payments.order'), place: 'head', show: (item) => <a class="whole" href={href(`/payments/${item.id}`)}>{item.order_id}</a> },
              { label: t('payments.state'), show: (item) => <StateBadge state={item.state} /> },
              { label: t('payments.wallet'), show: (item) => t(`payments.wallet_${item.wallet}`) },
              { label: t('payments.created'), show: (item) => <Time at={item.created_at} /> },
              { label: t('payments.amount'), end: true, show: (item) => <Money poisha={item.amount_poisha} /> },
            ]} />
          )}
          {error ? <div role="alert"><Notice tone="bad">{errorText(error)}</Notice></div> : null}
          {at?.next && (
            <div class="more stack tight">
              {at.to && items.length === 0 && <p class="soft small">{t('payments.searched_to', { day: date(dayStart(at.to), language) })}</p>}
              <Button wide busy={busy} onClick={() => void go_on()} testId="more">{t('payments.more')}</Button>
            </div>
          )}
        </Card>
      );
    }}</Load>
  );
}

function None({ q, going }: { q: string; going: boolean }) {
  return <Empty icon="search" title={t(going ? 'payments.none_yet' : 'payments.none')}>{t(q ? 'payments.none_named' : 'payments.none_lead')}</Empty>;
}
