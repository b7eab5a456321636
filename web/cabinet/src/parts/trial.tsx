// Deliveries that are ordered to try a receiver: a test, and bad ones. They are about no payment.
import { useEffect, useRef } from 'preact/hooks';
import { get, post, type Got } from '../api';
import { duration, poishaOf } from '../format';
import '../style/trial.css';
import { may } from '../session';
import { t } from '../text';
import { Button } from './button';
import { Outcome, Reply } from './delivery';
import type { Endpoint } from './endpoint';
import { Field, SelectField } from './field';
import { Failure, Form, useAction, useForm } from './form';
import { Load, useLoad } from './load';
import { Badge, Card, Notice, type Tone } from './surface';
import { Time } from './value';

type Trial = Got<'/endpoints/{id}/trials'>['items'][number];
type Kind = Trial['kind'];

const BAD: readonly Kind[] = ['doubled', 'late', 'out_of_order', 'wrong_signature', 'slow'];
const ASK_MS = 700;

function verdict(trial: Trial): { tone: Tone; text: 'waiting' | 'good' | 'bad' | 'lost' } {
  if (!trial.done) {
    return { tone: 'info', text: 'waiting' };
  }
  if (trial.sends.some((send) => send.state === 'lost')) {
    return { tone: 'plain', text: 'lost' };
  }
  const taken = trial.sends.every((send) => send.status >= 200 && send.status < 300);
  const refused = trial.sends.every((send) => send.status >= 300);
  return (trial.expected === 'taken' ? taken : refused) ? { tone: 'good', text: 'good' } : { tone: 'bad', text: 'bad' };
}

export function Trials({ endpoint }: { endpoint: Endpoint }) {
  const trials = useLoad(() => get('/endpoints/{id}/trials', { path: { id: endpoint.id } }), [endpoint.id]);
  const asked = useRef(0);
  const order = async (body: { kind: Kind; reference?: string; amount_poisha?: number; delay_s?: string }) => {
    await post('/endpoints/{id}/trials', body, { path: { id: endpoint.id } });
    asked.current = Date.now();
    trials.reload();
  };
  const open = trials.data?.items.some((trial) => !trial.done);
  useEffect(() => {
    if (!open) {
      return undefined;
    }
    const timer = setTimeout(trials.reload, ASK_MS);
    return () => clearTimeout(timer);
  }, [trials.data, open]);
  const test = useAction(() => order({ kind: 'test' }));
  const mayTry = may('delivery_try');
  return (
    <Card title={t('trial.title')} lead={t('trial.lead')} testId="trials" actions={mayTry && (
      <Button look="primary" icon="send" busy={test.busy} onClick={() => void test.run()} testId="test">{t('trial.send_test')}</Button>
    )}>
      <div class="stack">
        <Failure error={test.error} />
        {mayTry && <Order onOrder={order} />}
        <div aria-live="polite">
          <Load of={trials}>{({ items }) => (items.length === 0 ? <p class="soft">{t('trial.none')}</p>
            : <ul class="trials">{items.map((trial) => <One key={trial.id} trial={trial} />)}</ul>)}</Load>
        </div>
      </div>
    </Card>
  );
}

function Order({ onOrder }: { onOrder(body: { kind: Kind; reference?: string; amount_poisha?: number; delay_s?: string }): Promise<void> }) {
  const form = useForm({ kind: 'doubled', reference: '', amount_poisha: '', delay_s: '60' }, async ({ kind, reference, amount_poisha, delay_s }, state) => {
    const amount = amount_poisha ? poishaOf(amount_poisha) : 0;
    if (amount === null) {
      state.refuse({ amount_poisha: t('field.invalid') });
      return;
    }
    await onOrder({ kind: kind as Kind, ...(reference && { reference }), ...(amount && { amount_poisha: amount }), ...(kind === 'late' && { delay_s }) });
  });
  return (
    <details class="order">
      <summary data-testid="bad">{t('trial.bad')}</summary>
      <div class="stack">
        <Notice>{t('trial.marked')}</Notice>
        <Form form={form} testId="bad-form">
          <SelectField {...form.field('kind')} label={t('trial.kind')} hint={t(`trial.hint_${form.values.kind as Kind}`)}
            options={BAD.map((kind) => ({ value: kind as string, label: t(`trial.kind_${kind}`) }))} />
          {form.values.kind === 'late' && <Field {...form.field('delay_s')} label={t('trial.delay')} inputMode="numeric" maxLength={3} />}
          <div class="grid">
            <Field {...form.field('reference')} label={t('trial.reference')} hint={t('trial.reference_hint')} optional maxLength={40} mono />
            <Field {...form.field('amount_poisha')} label={t('trial.amount')} optional inputMode="decimal" maxLength={15} />
          </div>
          <div class="actions"><Button type="submit" icon="test" busy={form.busy} testId="order">{t('trial.order')}</Button></div>
        </Form>
      </div>
    </details>
  );
}

function One({ trial }: { trial: Trial }) {
  const { tone, text } = verdict(trial);
  return (
    <li class="stack tight" data-testid="trial" data-kind={trial.kind}>
      <div class="row spread">
        <div class="row"><b>{t(`trial.kind_${trial.kind}`)}</b><Badge tone={tone}>{t(`trial.verdict_${text}`)}</Badge></div>
        <span class="soft small"><Time at={trial.created_at} seconds /> · {trial.actor}</span>
      </div>
      <div class="mono small soft">{trial.order_id}</div>
      {trial.done && text === 'bad' && <p class="small">{t(`trial.wanted_${trial.expected}`)}</p>}
      {trial.sends.map((send) => (
        <div class="stack tight" key={send.number}>
          <div class="row">
            {send.state === 'sent' ? <Outcome status={send.status} error={send.error} />
              : send.state === 'waiting' ? <Badge tone="info">{t('trial.due')} <Time at={send.due_at} form="clock" seconds /></Badge>
                : <Badge>{t('trial.verdict_lost')}</Badge>}
            <span>{t('trial.notice', { sequence: send.sequence, status: send.payment_status })}</span>
            {send.state === 'sent' && <span class="soft">{duration(send.duration_ms)}</span>}
          </div>
          <Reply text={send.reply} />
        </div>
      ))}
    </li>
  );
}
