// One's own: name and language, password, second step, and where one is signed in.
import { useState } from 'preact/hooks';
import { agentName } from '../agent';
import { get, post, type Got } from '../api';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, PasswordField, SelectField } from '../parts/field';
import { Failure, Form, useAction, useForm } from '../parts/form';
import { Load, useLoad, type Loaded } from '../parts/load';
import { say } from '../parts/say';
import { Badge, Card, Facts, Notice, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Time } from '../parts/value';
import { number } from '../format';
import { session, sessionRead, sessionUse, signOut } from '../session';
import { languageChoose, t, type Language } from '../text';
import { Codes, Setup, type Started } from './two-step';

type Mine = Got<'/profile'>;
type Device = Got<'/sessions'>['items'][number];

export default function Profile() {
  const mine = useLoad(() => get('/profile'), []);
  const devices = useLoad(async () => (await get('/sessions')).items, []);
  const out = useAction(signOut);
  // what the password protects ends the other sessions
  const changed = () => {
    mine.reload();
    devices.reload();
  };
  return (
    <Page title={t('profile.title')} lead={t('profile.lead')}
      actions={<Button icon="out" busy={out.busy} onClick={() => void out.run()} testId="sign-out">{t('profile.sign_out')}</Button>}>
      <Failure error={out.error} />
      <div class="grid">
        <Load of={mine} tall>{(known) => (
          <>
            <div class="stack">
              <About key={known.name + known.language} known={known} onDone={changed} />
              <TwoStep known={known} onDone={changed} />
            </div>
            <Password email={known.email} onDone={changed} />
          </>
        )}</Load>
      </div>
      <Devices devices={devices} />
    </Page>
  );
}

function About({ known, onDone }: { known: Mine; onDone(): void }) {
  const merchant = session.get()?.merchant?.name;
  const form = useForm({ name: known.name, language: known.language as string }, async ({ name, language }) => {
    await post('/profile', { name: name.trim(), language: language as Language });
    await sessionRead();
    await languageChoose(language as Language);
    say(t('common.saved'));
    onDone();
  });
  return (
    <Card title={t('profile.about')}>
      <div class="stack">
        <Facts rows={[
          [t('profile.email'), known.email],
          [t('profile.role'), t(`role.${known.role}`)],
          merchant ? [t('profile.merchant'), merchant] : null,
        ]} />
        <Form form={form} testId="about">
          <Field {...form.field('name')} label={t('profile.name')} autocomplete="name" maxLength={100} />
          <SelectField {...form.field('language')} label={t('profile.language')} hint={t('profile.language_hint')}
            options={[{ value: 'bn', label: t('profile.bangla') }, { value: 'en', label: t('profile.english') }]} />
          <div class="actions"><Button type="submit" busy={form.busy} testId="save-about">{t('common.save')}</Button></div>
        </Form>
      </div>
    </Card>
  );
}

function Password({ email, onDone }: { email: string; onDone(): void }) {
  const form = useForm({ password: '', new_password: '', again: '' }, async ({ password, new_password, again }) => {
    if (new_password !== again) {
      form.refuse({ again: t('invitation.differs') });
      return;
    }
    sessionUse(await post('/password', { password, new_password }));
    form.set({ password: '', new_password: '', again: '' });
    say(t('profile.password_changed'));
    onDone();
  });
  return (
    <Card title={t('profile.password')} lead={t('profile.password_lead')}>
      <Form form={form} testId="password">
        <input type="hidden" name="username" autocomplete="username" value={email} />
        <PasswordField {...form.field('password')} label={t('profile.password_now')} autocomplete="current-password" />
        <PasswordField {...form.field('new_password')} label={t('profile.password_new')} hint={t('invitation.password_hint')} autocomplete="new-password" />
        <PasswordField {...form.field('again')} label={t('invitation.again')} autocomplete="new-password" />
        <div class="actions"><Button type="submit" busy={form.busy} testId="save-password">{t('profile.password_change')}</Button></div>
      </Form>
    </Card>
  );
}

type Step = 'on' | 'off' | 'codes';

function TwoStep({ known, onDone }: { known: Mine; onDone(): void }) {
  const [step, setStep] = useState<Step | null>(null);
  const few = known.totp && known.recovery_codes_left < 3;
  const close = () => {
    setStep(null);
    onDone();
  };
  return (
    <Card title={t('two_step.title')} actions={known.totp ? <Badge tone="good">{t('profile.two_step_on')}</Badge> : <Badge tone="warn">{t('profile.two_step_off')}</Badge>}>
      <div class="stack">
        <p class="soft">{t(known.totp ? 'profile.two_step_on_lead' : 'profile.two_step_off_lead')}</p>
        {few && <Notice tone="warn">{t('profile.codes_few', { n: number(known.recovery_codes_left) })}</Notice>}
        <div class="actions">
          {known.totp ? (
            <>
              <Button onClick={() => setStep('codes')} testId="codes-new">{t('profile.codes_new')}</Button>
              <Button onClick={() => setStep('on')}>{t('profile.two_step_move')}</Button>
              {!known.totp_required && <Button look="quiet" onClick={() => setStep('off')} testId="two-step-off">{t('profile.two_step_turn_off')}</Button>}
            </>
          ) : <Button look="primary" onClick={() => setStep('on')} testId="two-step-on">{t('two_step.turn_on')}</Button>}
        </div>
      </div>
      {step === 'on' && <TurnOn onClose={close} />}
      {step === 'off' && <WithPassword title={t('profile.two_step_turn_off')} lead={t('profile.two_step_off_sure')} yes={t('profile.two_step_turn_off')} onClose={close}
        send={async (password) => { sessionUse(await post('/totp/remove', { password })); close(); }} />}
      {step === 'codes' && <NewCodes onClose={close} />}
    </Card>
  );
}

// A dialog that asks for the password before it sends.
function WithPassword({ title, lead, yes, send, onClose }: { title: string; lead: string; yes: string; send(password: string): Promise<unknown>; onClose(): void }) {
  const form = useForm({ password: '' }, ({ password }) => send(password));
  return (
    <Dialog title={title} onClose={onClose} locked={form.busy}>
      <p>{lead}</p>
      <Form form={form}>
        <PasswordField {...form.field('password')} label={t('profile.password_now')} autocomplete="current-password" />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{yes}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

function TurnOn({ onClose }: { onClose(): void }) {
  const [started, setStarted] = useState<Started | null>(null);
  const [codes, setCodes] = useState(false);
  if (!started) {
    return <WithPassword title={t('two_step.setup_title')} lead={t('profile.password_first')} yes={t('two_step.submit')} onClose={onClose}
      send={async (password) => setStarted(await post('/totp/start', { password }))} />;
  }
  return (
    <Dialog title={t(codes ? 'two_step.codes_title' : 'two_step.setup_title')} onClose={onClose} locked={codes}>
      <Setup started={started} onCodes={() => setCodes(true)} onDone={(known) => {
        sessionUse(known);
        onClose();
      }} />
    </Dialog>
  );
}

function NewCodes({ onClose }: { onClose(): void }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  if (!codes) {
    return <WithPassword title={t('profile.codes_new')} lead={t('profile.codes_new_lead')} yes={t('two_step.submit')} onClose={onClose}
      send={async (password) => {
        const known = await post('/recovery-codes', { password });
        sessionUse(known);
        setCodes(known.recovery_codes ?? []);
      }} />;
  }
  return <Dialog title={t('two_step.codes_title')} onClose={onClose} locked><Codes codes={codes} onDone={onClose} /></Dialog>;
}

function Devices({ devices }: { devices: Loaded<Device[]> }) {
  const others = useAction(async () => {
    await post('/sessions/end-others', {});
    say(t('profile.ended_others'));
    devices.reload();
  });
  return (
    <Card title={t('profile.devices')} lead={t('profile.devices_lead')} flush
      actions={(devices.data?.length ?? 0) > 1 && <Button small busy={others.busy} onClick={() => void others.run()} testId="end-others">{t('profile.end_others')}</Button>}>
      <Failure error={others.error} />
      <Load of={devices}>{(items) => (
        <Table caption={t('profile.devices')} items={items} id={(item) => item.id} columns={[
          {
            label: t('profile.device'), place: 'head',
            show: (item) => <span title={item.user_agent ?? ''}>{agentName(item.user_agent ?? '') ?? t('profile.device_unknown')} {item.current && <Badge tone="good">{t('profile.current')}</Badge>}</span>,
          },
          { label: t('profile.address'), show: (item) => <span class="mono">{item.client_ip}</span> },
          { label: t('profile.since'), show: (item) => <Time at={item.created_at} /> },
          { label: t('profile.seen'), show: (item) => <Time at={item.seen_at} /> },
          { label: t('common.actions'), end: true, place: 'tail', show: (item) => !item.current && <EndOne id={item.id} onDone={devices.reload} /> },
        ]} />
      )}</Load>
    </Card>
  );
}

function EndOne({ id, onDone }: { id: string; onDone(): void }) {
  const end = useAction(async () => {
    await post('/sessions/{session_id}/end', {}, { path: { session_id: id } });
    say(t('profile.ended_one'));
    onDone();
  });
  return <><Failure error={end.error} /><Button small busy={end.busy} onClick={() => void end.run()} testId="end-one">{t('profile.end_one')}</Button></>;
}
