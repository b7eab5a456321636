// The gate: who is signed out, or has shown only one of two factors.
import { useEffect, useRef } from 'preact/hooks';
import { ended, post } from '../api';
import { Button } from '../parts/button';
import { Field, PasswordField } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Notice } from '../parts/surface';
import { languageOfPerson, session, sessionUse } from '../session';
import { useStore } from '../store';
import { t } from '../text';
import { Gate } from './gate';
import { CodeGate, SetupGate } from './two-step';

// `over`: a session has just ended; the address stays, so that one comes back to it.
export default function SignIn() {
  const over = useStore(ended);
  const stage = useStore(session)?.stage;
  if (!over && stage === 'code') {
    return <CodeGate />;
  }
  if (!over && stage === 'setup') {
    return <SetupGate />;
  }
  return <Password over={over} />;
}

function Password({ over }: { over: boolean }) {
  const form = useForm({ email: '', password: '' }, async ({ email, password }) => {
    if (!email.trim() || !password) {
      form.refuse({ ...(!email.trim() && { email: t('field.required') }), ...(!password && { password: t('field.required') }) });
      return;
    }
    sessionUse(await post('/sign-in', { email: email.trim(), password }));
    await languageOfPerson();
  });
  const first = useRef<HTMLDivElement>(null);
  useEffect(() => { first.current?.querySelector('input')?.focus(); }, []);
  return (
    <Gate title={t('sign_in.title')} lead={t('sign_in.lead')}>
      {over && <Notice tone="warn">{t('sign_in.over')}</Notice>}
      <Form form={form} testId="sign-in">
        <div ref={first}><Field {...form.field('email')} label={t('sign_in.email')} type="email" inputMode="email" autocomplete="username" /></div>
        <PasswordField {...form.field('password')} label={t('sign_in.password')} autocomplete="current-password" />
        <Button type="submit" look="primary" wide busy={form.busy} testId="submit">{t('sign_in.submit')}</Button>
      </Form>
      <p class="soft small">{t('sign_in.forgotten')}</p>
    </Gate>
  );
}
