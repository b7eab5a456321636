// One payment: what it is, and all that happened to it.
import { get, post, type Got } from '../api';
import { dateTime, duration, money, number } from '../format';
import { Button } from '../parts/button';
import { Failure, useAction } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { StateBadge } from '../parts/payment';
import { say } from '../parts/say';
import { Badge, Card, Facts, Notice, Page, type Tone } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy, Money, Time } from '../parts/value';
import type { PageProps } from '../pages';
import { may } from '../session';
import { t, tMaybe } from '../text';
import { useLanguage } from '../text-hooks';
import '../style/money.css';

type Payment = Got<'/payments/{payment}'>;
type Item = Payment['story'][number];
type Note = Payment['notifications'][number];

export default function PaymentPage({ params }: PageProps) {
  const id = params.id ?? '';
  const seen = useLoad(() => get('/payments/{payment}', { path: { payment: id } }), [id]);
  const title = seen.data ? t('payment.title', { order: seen.data.order_id }) : t('payment.title_unknown');
  return (
    <Page title={title} back={{ to: '/payments', text: t('payments.title') }}
      actions={<Button icon="again" onClick={seen.reload}>{t('payment.reload')}</Button>}>
      <Load of={seen} tall>{(known) => (
        <>
          <div class="grid">
            <About known={known} />
            <Amounts known={known} />
          </div>
          <Notes known={known} onDone={seen.reload} />
          <Story known={known} />
        </>
      )}</Load>
    </Page>
  );
}

function About({ known }: { known: Payment }) {
  const trx = known.credits.map((credit) => credit.trx_id);
  return (
    <Card title={t('payment.about')} actions={<StateBadge state={known.state} />}>
      <Facts rows={[
        [t('payments.order'), <Copy text={known.order_id} of={t('payments.order')} />],
        trx.length > 0 && [t('payment.trx_id'), trx.map((one) => <div key={one}><Copy text={one} of={t('payment.trx_id')} /></div>)],
        [t('payments.wallet'), t(`payments.wallet_${known.wallet}`)],
        known.payer ? [t('payment.payer'), <span class="tabular">{known.payer}</span>] : null,
        known.description ? [t('payment.description'), known.description] : null,
        [t('payments.created'), <Time at={known.created_at} seconds />],
        known.final_at ? [t('payment.ended'), <Time at={known.final_at} seconds />] : [t('payment.expires'), <Time at={known.expires_at} seconds />],
        [t('payment.uuid'), <Copy text={known.uuid} of={t('payment.uuid')} />],
        known.attempts.length > 0 && [t('payment.invoice'), known.attempts.map(({ invoice }) => <div key={invoice}><Copy text={invoice} of={t('payment.invoice')} /></div>)],
        [t('payments.account'), known.account_name || known.account],
        [t('payment.customer_ip'), <code>{known.customer_ip}</code>],
        ...Object.entries(known.customer ?? {}).map(([name, value]): [string, string] => [tMaybe(`payment.${name}`) ?? name, String(value)]),
      ]} />
    </Card>
  );
}

function Amounts({ known }: { known: Payment }) {
  return (
    <div class="stack">
      <Card title={t('payment.money')}>
        <Facts rows={[
          [t('payments.amount'), <Money poisha={known.amount_poisha} />],
          [t('payment.paid'), <Money poisha={known.paid_poisha} />],
          [t('payment.fee'), <Money poisha={known.commission_poisha} />],
          [t('payment.credited'), <strong><Money poisha={known.credited_poisha} /></strong>],
          known.refunded_poisha ? [t('payment.refunded'), <Money poisha={known.refunded_poisha} />] : null,
        ]} />
      </Card>
      {known.refunds.length > 0 && (
        <Card title={t('payment.refunds')} flush>
          <Table caption={t('payment.refunds')} items={known.refunds} id={(refund) => refund.id} columns={[
            { label: t('payment.refund_trx'), place: 'head', show: (refund) => refund.refund_trx_id ?? refund.reason },
            { label: t('payments.state'), show: (refund) => tMaybe(`payment.refund_state_${refund.state}`) ?? refund.state },
            { label: t('payments.amount'), end: true, show: (refund) => <Money poisha={refund.amount_poisha} /> },
          ]} />
        </Card>
      )}
    </div>
  );
}

// ---- notifications ----

const NOTE_TONES: Record<Note['state'], Tone> = { waiting: 'info', delivered: 'good', parked: 'warn' };

function Notes({ known, onDone }: { known: Payment; onDone(): void }) {
  if (known.notifications.length === 0) {
    return null;
  }
  return (
    <Card title={t('payment.notifications')} lead={t('payment.notifications_lead')} flush testId="notifications">
      <Table caption={t('payment.notifications')} items={known.notifications} id={(note) => note.id} columns={[
        { label: t('payment.notification'), place: 'head', show: (note) => `${number(note.sequence)}: ${note.payment_status}` },
        { label: t('payments.state'), show: (note) => <NoteState note={note} /> },
        { label: t('payment.tries'), end: true, show: (note) => number(note.tries) },
        { label: t('common.actions'), place: 'tail', show: (note) => <Again note={note} onDone={onDone} /> },
      ]} />
    </Card>
  );
}

function NoteState({ note }: { note: Note }) {
  const why = note.parked_reason && (tMaybe(`payment.parked_${note.parked_reason}`) ?? note.parked_reason);
  return (
    <div>
      <Badge tone={NOTE_TONES[note.state]}>{t(`payment.note_${note.state}`)}</Badge>
      <div class="soft small">{why || (note.state === 'delivered' ? <Time at={note.delivered_at} /> : <Time at={note.due_at} />)}</div>
    </div>
  );
}

function Again({ note, onDone }: { note: Note; onDone(): void }) {
  const again = useAction(async () => {
    await post('/notifications/{id}/resend', {}, { path: { id: note.id } });
    say(t('payment.sent_again'));
    onDone();
  });
  if (!may('payment_act') || note.state === 'waiting') {
    return null;
  }
  return (
    <div class="actions">
      <Button small icon="send" busy={again.busy} onClick={() => void again.run()} testId="send-again">{t('payment.send_again')}</Button>
      <Failure error={again.error} />
    </div>
  );
}

// ---- the story ----

const same = (a: Item, b: Item | undefined) => b !== undefined && a.kind === 'event' && b.kind === 'event' && a.event === b.event && a.at === b.at;

function Story({ known }: { known: Payment }) {
  useLanguage();
  const items = known.story.filter((item, i) => !same(item, known.story[i - 1]));
  return (
    <Card title={t('payment.story')} lead={t('payment.story_lead')} testId="story">
      <ol class="story">
        {items.map((item, i) => (
          <li key={i} class={toneOf(item)}>
            <div class="when"><Time at={item.at} form={dayText(items[i - 1]) === dayText(item) ? 'clock' : 'both'} seconds /></div>
            <div class="what">
              <p><strong>{titleOf(item)}</strong>{item.actor && <span class="soft small"> · {tMaybe(`payment.by_${item.actor}`) ?? item.actor}</span>}</p>
              {detailsOf(item).map((line) => <p key={line} class="soft small">{line}</p>)}
            </div>
          </li>
        ))}
      </ol>
      {known.cut && <Notice tone="info">{t('payment.cut')}</Notice>}
    </Card>
  );
}

const dayText = (item: Item | undefined) => item && dateTime(item.at).replace(/,.*/, '');

function toneOf(item: Item): Tone {
  if (item.kind === 'try') {
    return item.status && item.status >= 200 && item.status < 300 ? 'good' : 'bad';
  }
  if (item.kind === 'ledger') {
    return 'info';
  }
  const end = item.to_state ?? '';
  return end === 'paid' ? 'good' : ['failed', 'declined', 'refused'].includes(end) ? 'bad' : ['review', 'unknown'].includes(end) ? 'warn' : 'plain';
}

function titleOf(item: Item): string {
  switch (item.kind) {
    case 'created':
      return t('payment.event_request');
    case 'ledger':
      return tMaybe(`payment.entry_${item.entry}`) ?? String(item.entry);
    case 'notification':
      return t('payment.event_due', { n: number(item.sequence ?? 0), status: item.payment_status ?? '' });
    case 'try':
      return item.status ? t('payment.event_try', { n: number(item.number ?? 0), status: item.status })
        : t('payment.event_try_failed', { n: number(item.number ?? 0) });
    case 'event':
      return tMaybe(`payment.event_${item.event}`) ?? String(item.event);
  }
}

function eventDetails(item: Item): string[] {
  const lines: string[] = [];
  const detail = item.detail as { duration_ms?: number; code?: string; message?: string; trx_id?: string } | null | undefined;
  if (item.from_state && item.to_state && item.from_state !== item.to_state) {
    lines.push(t('payment.moved', { from: stateText(item.from_state), to: stateText(item.to_state) }));
  }
  if (item.event?.endsWith('_answer')) {
    const outcome = tMaybe(`payment.outcome_${item.reason}`) ?? item.reason ?? '';
    lines.push(detail?.duration_ms === undefined ? outcome : t('payment.took', { outcome, time: duration(detail.duration_ms) }));
  } else if (item.reason) {
    lines.push(t('payment.reason', { reason: tMaybe(`payment.reason_${item.reason}`) ?? item.reason }));
  }
  const said = [detail?.code, detail?.message, detail?.trx_id].filter(Boolean).join(' · ');
  return said ? [...lines, said] : lines;
}

const stateText = (state: string) => tMaybe(`payments.state_${state}`) ?? tMaybe(`payment.attempt_${state}`) ?? state;

function detailsOf(item: Item): string[] {
  if (item.kind === 'event') {
    return eventDetails(item);
  }
  if (item.kind === 'ledger') {
    return item.net_poisha ? [t('payment.ledger', { net: money(item.net_poisha), fee: money(item.fee_poisha ?? 0) })]
      : item.suspended_poisha ? [money(item.suspended_poisha)] : [];
  }
  if (item.kind === 'try') {
    return [`${duration(item.duration_ms ?? 0)} · ${item.url ?? ''}`, item.error ?? '', item.reply ?? ''].filter(Boolean);
  }
  return [];
}
