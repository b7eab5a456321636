// The second factor: shown at the sign-in, set up, and the codes that help when the phone is lost.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { csrf, post, save, type Posted } from '../api';
import { Button } from '../parts/button';
import { CheckField, Field } from '../parts/field';
import { Failure, Form, useAction, useForm } from '../parts/form';
import { Notice } from '../parts/surface';
import { Copy, copyText } from '../parts/value';
import { say } from '../parts/say';
import { languageOfPerson, sessionUse, signOut, type Session } from '../session';
import { t } from '../text';
import { Gate } from './gate';

const CODE_LENGTH = 6;

// Bangla digits are as good, and so are blanks between.
const plain = (code: string) => code.replace(/[০-৯]/g, (digit) => String(digit.charCodeAt(0) - 0x9e6)).replace(/\s/g, '');

// At the sign-in, after the password.
export function CodeGate() {
  const [recovery, setRecovery] = useState(false);
  return (
    <Gate title={t('two_step.title')} lead={t(recovery ? 'two_step.recovery_lead' : 'two_step.code_lead')}>
      {recovery ? <RecoveryForm /> : <CodeForm />}
      <Button look="quiet" wide onClick={() => setRecovery(!recovery)} testId="other-way">
        {t(recovery ? 'two_step.use_app' : 'two_step.use_recovery')}
      </Button>
      <Leave />
    </Gate>
  );
}

async function letIn(known: Session): Promise<void> {
  sessionUse(known);
  await languageOfPerson();
}

function CodeForm() {
  const form = useForm({ code: '' }, async ({ code }) => letIn(await post('/sign-in/code', { code: plain(code) })));
  const sent = useRef('');
  useEffect(() => {
    const code = plain(form.values.code);
    // a whole code is sent by itself, once
    if (code.length === CODE_LENGTH && code !== sent.current) {
      sent.current = code;
      void form.submit();
    }
  }, [form.values.code]);
  return (
    <Form form={form} testId="code">
      <Focused><Field {...form.field('code')} label={t('two_step.code')} code inputMode="numeric" autocomplete="one-time-code" maxLength={9} /></Focused>
      <Button type="submit" look="primary" wide busy={form.busy} testId="submit">{t('two_step.submit')}</Button>
    </Form>
  );
}

function RecoveryForm() {
  const form = useForm({ code: '' }, async ({ code }) => letIn(await post('/sign-in/recovery', { code: code.trim().toLowerCase() })));
  return (
    <Form form={form} testId="recovery">
      <Focused><Field {...form.field('code')} label={t('two_step.recovery_code')} mono maxLength={40} /></Focused>
      <Button type="submit" look="primary" wide busy={form.busy} testId="submit">{t('two_step.submit')}</Button>
    </Form>
  );
}

function Focused({ children }: { children: ComponentChildren }) {
  const inside = useRef<HTMLDivElement>(null);
  useEffect(() => { inside.current?.querySelector('input')?.focus(); }, []);
  return <div ref={inside}>{children}</div>;
}

function Leave() {
  const out = useAction(signOut);
  return (
    <>
      <Failure error={out.error} />
      <Button look="quiet" wide busy={out.busy} onClick={() => void out.run()}>{t('two_step.leave')}</Button>
    </>
  );
}

// Whose role wants a second factor and who has none yet.
export function SetupGate() {
  const [started, setStarted] = useState<Started | null>(null);
  const [step, setStep] = useState<'app' | 'codes'>('app');
  const start = useAction(async () => setStarted(await post('/totp/start', {})));
  useEffect(() => void start.run(), []);
  return (
    <Gate title={t(step === 'app' ? 'two_step.setup_title' : 'two_step.codes_title')} lead={step === 'app' ? t('two_step.setup_needed') : undefined}>
      <Failure error={start.error} />
      {start.error ? <Button icon="again" onClick={() => void start.run()}>{t('common.again')}</Button> : null}
      {started && <Setup started={started} onCodes={() => setStep('codes')} onDone={letIn} />}
      {step === 'app' && <Leave />}
    </Gate>
  );
}

export type Started = Posted<'/totp/start'>;

// The secret goes to the app, a first code comes back, and then the recovery codes are shown, once.
export function Setup({ started, onCodes, onDone }: { started: Started; onCodes?: () => void; onDone: (known: Session) => void | Promise<void> }) {
  const [confirmed, setConfirmed] = useState<Posted<'/totp/confirm'> | null>(null);
  const form = useForm({ code: '' }, async ({ code }) => {
    const known = await post('/totp/confirm', { code: plain(code) });
    csrf.set(known.csrf); // the session goes on under another token
    setConfirmed(known);
    onCodes?.();
  });
  if (confirmed) {
    return <Codes codes={confirmed.recovery_codes ?? []} onDone={() => onDone(confirmed)} />;
  }
  return (
    <>
      <ol class="steps">
        <li>{t('two_step.step_app')}</li>
        <li>
          {t('two_step.step_scan')}
          {started.qr_path && <Qr path={started.qr_path} size={started.qr_size} />}
          <p class="small soft">{t('two_step.by_hand')}</p>
          <Copy text={started.secret} shown={started.secret.replace(/(.{4})(?=.)/g, '$1 ')} of={t('two_step.secret')} />
        </li>
        <li>{t('two_step.step_code')}</li>
      </ol>
      <Form form={form} testId="confirm">
        <Field {...form.field('code')} label={t('two_step.code')} code inputMode="numeric" autocomplete="one-time-code" maxLength={9} />
        <Button type="submit" look="primary" wide busy={form.busy} testId="submit">{t('two_step.turn_on')}</Button>
      </Form>
    </>
  );
}

function Qr({ path, size }: { path: string; size: number }) {
  return <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('two_step.qr')}><path d={path} /></svg>;
}

// They are not shown again: that they are kept must be said before one goes on.
export function Codes({ codes, onDone }: { codes: readonly string[]; onDone: () => void | Promise<void> }) {
  const [kept, setKept] = useState(false);
  const text = codes.join('\n');
  const copy = async () => say(await copyText(text) ? t('common.copied', { what: t('two_step.codes') }) : t('common.copy_failed'));
  return (
    <>
      <Notice tone="warn">{t('two_step.codes_lead')}</Notice>
      <ul class="codes" data-testid="codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      <div class="actions">
        <Button small icon="download" onClick={() => save(new Blob([`${text}\n`], { type: 'text/plain' }), 'kassa-recovery-codes.txt')}>{t('two_step.codes_save')}</Button>
        <Button small icon="copy" onClick={() => void copy()}>{t('two_step.codes_copy')}</Button>
      </div>
      <CheckField name="kept" label={t('two_step.codes_kept')} checked={kept} onChange={setKept} />
      <Button look="primary" wide disabled={!kept} onClick={() => void onDone()} testId="done">{t('two_step.codes_done')}</Button>
    </>
  );
}
