// What came in, how far payers got, and what waits.
import { get, type Got } from '../api';
import { money, number, percent } from '../format';
import { ButtonLink } from '../parts/button';
import { Days } from '../parts/days';
import { Load, useLoad } from '../parts/load';
import { AccountChoice, Segments } from '../parts/pick';
import { Card, Empty, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Money } from '../parts/value';
import type { PageProps } from '../pages';
import { dayOf, dayStart } from '../format';
import { go, href } from '../route';
import { may, session } from '../session';
import { t } from '../text';
import '../style/money.css';

type Overview = Got<'/overview'>;
const SPANS = ['7', '30', '90'] as const;
const DAY_MS = 86_400_000;

export default function OverviewPage({ query }: PageProps) {
  const span = SPANS.find((days) => days === query.get('days')) ?? '30';
  const account = query.get('account') ?? undefined;
  const now = session.get()?.now ?? Date.now();
  const from = dayOf(dayStart(dayOf(now)) - (Number(span) - 1) * DAY_MS);
  const seen = useLoad(() => get('/overview', { query: { account, from } }), [span, account]);
  const change = (more: Record<string, string | undefined>) => go('/overview', { days: span === '30' ? undefined : span, account, ...more }, true);
  return (
    <Page title={t('overview.title')} lead={t('overview.lead')} actions={(
      <>
        {seen.data && <AccountChoice accounts={seen.data.accounts} chosen={account} onChoose={(uuid) => change({ account: uuid })} />}
        <Segments label={t('overview.span')} chosen={span} onChoose={(days) => change({ days })}
          options={SPANS.map((days) => ({ value: days, label: t(`overview.days_${days}`) }))} />
      </>
    )}>
      <Load of={seen} tall>{(known) => <Shown known={known} />}</Load>
    </Page>
  );
}

function Shown({ known }: { known: Overview }) {
  const { total, waiting } = known;
  if (total.created === 0 && waiting.open === 0) {
    return <Nothing />;
  }
  const ended = total.paid + total.cancelled + total.failed;
  return (
    <>
      <div class="figures">
        <Figure name={t('overview.received')} value={money(total.received_poisha)} note={t('overview.received_note', { fee: money(total.commission_poisha) })} />
        <Figure name={t('overview.paid')} value={number(total.paid)} note={t('overview.paid_note', { n: number(total.created) })} />
        <Figure name={t('overview.success')} value={ended ? percent(total.paid / ended) : '–'} note={t('overview.success_note')} />
        {known.balance_poisha !== null && (
          <Figure name={t('overview.balance')} value={money(known.balance_poisha)} note={<a href={href('/balance')}>{t('overview.balance_link')}</a>} />
        )}
      </div>
      <Card title={t('overview.by_day')} lead={t('overview.by_day_lead')}>
        <Days days={known.days} />
      </Card>
      <div class="grid">
        <Funnel known={known} />
        <Waiting known={known} />
      </div>
      <Wallets known={known} />
    </>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note: preact.ComponentChildren }) {
  return (
    <div class="figure">
      <h2>{name}</h2>
      <p class="value tabular">{value}</p>
      <p class="soft small">{note}</p>
    </div>
  );
}

// Money that was sent to a number may come without a page: a later stage then has more than an earlier one.
function Funnel({ known: { total } }: { known: Overview }) {
  const stages = ['created', 'opened', 'reached', 'paid'] as const;
  return (
    <Card title={t('overview.funnel')} lead={t('overview.funnel_lead')}>
      <ol class="funnel">
        {stages.map((stage) => {
          const share = total.created ? Math.min(total[stage] / total.created, 1) : 0;
          return (
            <li key={stage}>
              <div class="row spread"><span>{t(`overview.stage_${stage}`)}</span><span class="tabular">{number(total[stage])} · {percent(share)}</span></div>
              <progress max={1000} value={Math.round(share * 1000)} aria-label={t(`overview.stage_${stage}`)} />
            </li>
          );
        })}
      </ol>
      <p class="soft small">{t('overview.ended', { cancelled: number(total.cancelled), failed: number(total.failed) })}</p>
    </Card>
  );
}

function Waiting({ known: { waiting } }: { known: Overview }) {
  const rows: [string, string, string | undefined][] = [
    [t('overview.waiting_open'), `${money(waiting.open_poisha)} · ${number(waiting.open)}`, href('/payments', { status: 'waiting' })],
    [t('overview.waiting_review'), number(waiting.review), href('/payments', { status: 'review' })],
    [t('overview.waiting_suspense'), money(waiting.suspense_poisha), undefined],
    [t('overview.waiting_refund'), money(waiting.refunding_poisha), undefined],
  ];
  return (
    <Card title={t('overview.waiting')} lead={t('overview.waiting_lead')}>
      <dl class="pairs">
        {rows.map(([name, value, link]) => (
          <div key={name}><dt>{link ? <a href={link}>{name}</a> : name}</dt><dd class="tabular">{value}</dd></div>
        ))}
      </dl>
    </Card>
  );
}

function Wallets({ known }: { known: Overview }) {
  return (
    <Card title={t('overview.by_wallet')} flush>
      <Table caption={t('overview.by_wallet')} items={known.wallets} id={(row) => row.wallet} columns={[
        { label: t('payments.wallet'), place: 'head', show: (row) => t(`payments.wallet_${row.wallet}`) },
        { label: t('overview.stage_created'), end: true, show: (row) => number(row.created) },
        { label: t('overview.stage_paid'), end: true, show: (row) => number(row.paid) },
        { label: t('overview.success'), end: true, show: ({ paid, cancelled, failed }) => (paid + cancelled + failed ? percent(paid / (paid + cancelled + failed)) : '–') },
        { label: t('overview.received'), end: true, show: (row) => <Money poisha={row.received_poisha} /> },
      ]} />
    </Card>
  );
}

function Nothing() {
  return (
    <Card>
      <Empty icon="payments" title={t('overview.nothing')} actions={(
        <>
          {may('cert_change') && <ButtonLink look="primary" icon="test" href={href('/start')}>{t('overview.nothing_start')}</ButtonLink>}
          <ButtonLink href={href('/payments')}>{t('overview.nothing_payments')}</ButtonLink>
        </>
      )}>{t('overview.nothing_lead')}</Empty>
    </Card>
  );
}
