// What an account is owed, and what moved it.
import { address, get, type Got } from '../api';
import { date, dayStart, money, number, percent } from '../format';
import { ButtonLink } from '../parts/button';
import { Field } from '../parts/field';
import { Load, useList, useLoad } from '../parts/load';
import { AccountChoice } from '../parts/pick';
import { Card, Empty, Facts, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Money, Time } from '../parts/value';
import type { PageProps } from '../pages';
import { go, href } from '../route';
import { t, tMaybe } from '../text';
import { useLanguage } from '../text-hooks';
import '../style/money.css';

type Balance = Got<'/accounts/{account}/balance'>;

export default function BalancePage({ query }: PageProps) {
  const accounts = useLoad(async () => (await get('/overview', { query: {} })).accounts, []);
  const account = query.get('account') ?? accounts.data?.[0]?.uuid;
  return (
    <Page title={t('balance.title')} lead={t('balance.lead')}
      actions={accounts.data && <AccountChoice accounts={accounts.data} chosen={account} all={false} onChoose={(uuid) => go('/balance', { account: uuid }, true)} />}>
      <Load of={accounts} tall>{() => (account
        ? <Account key={account} account={account} query={query} />
        : <Card><Empty icon="balance" title={t('balance.no_account')} /></Card>)}</Load>
    </Page>
  );
}

function Account({ account, query }: { account: string; query: URLSearchParams }) {
  const from = query.get('from') ?? undefined;
  const to = query.get('to') ?? undefined;
  const seen = useLoad(() => get('/accounts/{account}/balance', { path: { account }, query: { from, to } }), [account, from, to]);
  return (
    <Load of={seen} tall>{(known) => (
      <>
        <div class="grid">
          <Now known={known} />
          <Files known={known} onRange={(more) => go('/balance', { account, from, to, ...more }, true)} />
        </div>
        <DaysCard known={known} />
        <Lines known={known} />
      </>
    )}</Load>
  );
}

function Now({ known }: { known: Balance }) {
  return (
    <Card title={t('balance.now')}>
      <div class="stack">
        <p class="value tabular" data-testid="balance">{money(known.balance_poisha)}</p>
        <Facts rows={[
          [t('balance.suspense'), <Money poisha={known.suspense_poisha} />],
          [t('balance.refunding'), <Money poisha={known.refunding_poisha} />],
          [t('balance.fee'), `${percent(known.fee_bp / 10000)} + ${money(known.fee_fixed_poisha)}`],
        ]} />
      </div>
    </Card>
  );
}

function Files({ known, onRange }: { known: Balance; onRange(more: Record<string, string>): void }) {
  const path = { account: known.account };
  const range = { from: known.from, to: known.to };
  const file = (more = {}) => address('/accounts/{account}/statement/export', { path, query: { ...range, ...more } });
  return (
    <Card title={t('balance.statement')} lead={t('balance.statement_lead')}>
      <div class="stack">
        <div class="filters">
          <Field name="from" type="date" label={t('payments.from')} value={known.from} free onInput={(from) => from && onRange({ from })} />
          <Field name="to" type="date" label={t('payments.to')} value={known.to} free onInput={(to) => to && onRange({ to })} />
        </div>
        <div class="actions">
          <ButtonLink small icon="print" href={href('/balance/statement', { account: known.account, ...range })} testId="print">{t('balance.print')}</ButtonLink>
          <ButtonLink small icon="download" download href={file({ by: 'day' })}>{t('balance.file_days')}</ButtonLink>
          <ButtonLink small icon="download" download href={file()} testId="file">{t('balance.file_lines')}</ButtonLink>
        </div>
      </div>
    </Card>
  );
}

function DaysCard({ known }: { known: Balance }) {
  const language = useLanguage();
  return (
    <Card title={t('balance.days')} lead={t('balance.opening', { money: money(known.opening_poisha), day: date(dayStart(known.from), language) })} flush>
      {known.days.length === 0 ? <Empty icon="balance" title={t('balance.no_days')} /> : <DayTable known={known} />}
    </Card>
  );
}

export function DayTable({ known, oldest }: { known: Balance; oldest?: boolean }) {
  const language = useLanguage();
  return (
    <Table caption={t('balance.days')} items={oldest ? known.days : [...known.days].reverse()} id={(day) => day.day} columns={[
      { label: t('payments.day'), place: 'head', show: (day) => date(dayStart(day.day), language) },
      { label: t('balance.entries'), end: true, show: (day) => number(day.entries) },
      { label: t('balance.received'), end: true, show: (day) => <Money poisha={day.received_poisha} /> },
      { label: t('balance.fees'), end: true, show: (day) => <Money poisha={day.fee_poisha} /> },
      { label: t('balance.refunds'), end: true, show: (day) => <Money poisha={day.refunded_poisha} /> },
      { label: t('balance.title'), end: true, show: (day) => <strong><Money poisha={day.balance_poisha} /></strong> },
    ]} />
  );
}

function Lines({ known }: { known: Balance }) {
  const path = { account: known.account };
  const list = useList((after) => get('/accounts/{account}/statement', { path, query: { from: known.from, to: known.to, after } }), [known]);
  return (
    <Card title={t('balance.lines')} flush testId="lines">
      <Load of={list}>{(items) => (items.length === 0 ? <Empty icon="balance" title={t('balance.no_lines')} /> : (
        <Table caption={t('balance.lines')} items={items} id={(line) => line.id} onMore={list.more} moreBusy={list.moreBusy} columns={[
          { label: t('balance.what'), place: 'head', show: (line) => (
            <div>
              <strong>{tMaybe(`payment.entry_${line.entry}`) ?? line.entry}</strong>
              {line.payment && <div class="small"><a href={href(`/payments/${line.payment}`)}>{line.order_id}</a></div>}
            </div>
          ) },
          { label: t('balance.when'), show: (line) => <Time at={line.at} /> },
          { label: t('balance.fees'), end: true, show: (line) => <Money poisha={line.fee_poisha} /> },
          { label: t('balance.change'), end: true, show: (line) => <Money poisha={line.net_poisha} /> },
          { label: t('balance.after'), end: true, show: (line) => (line.balance_poisha === null ? '–' : <Money poisha={line.balance_poisha} />) },
        ]} />
      ))}</Load>
    </Card>
  );
}
