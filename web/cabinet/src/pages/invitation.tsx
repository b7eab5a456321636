// Somebody was invited: the link's secret is looked at, a password chosen, and one is signed in.
import { useState } from 'preact/hooks';
import { post, type Posted } from '../api';
import { Button, ButtonLink } from '../parts/button';
import { PasswordField } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { Facts, Notice } from '../parts/surface';
import { Time } from '../parts/value';
import { go, href } from '../route';
import { languageOfPerson, secretOfAddress, sessionUse } from '../session';
import { language, t } from '../text';
import { Gate } from './gate';

type Invitation = Posted<'/invitation/look'>;

export default function Invitation() {
  const [token] = useState(secretOfAddress);
  const looked = useLoad(async () => (token ? await post('/invitation/look', { token }) : null), [token]);
  return (
    <Gate title={t('invitation.title')}>
      <Load of={looked}>{(invitation) => (invitation ? <Choose token={token} invitation={invitation} /> : (
        <>
          <Notice tone="warn">{t('invitation.no_secret')}</Notice>
          <ButtonLink href={href('/')} wide>{t('invitation.to_sign_in')}</ButtonLink>
        </>
      ))}</Load>
    </Gate>
  );
}

function Choose({ token, invitation }: { token: string; invitation: Invitation }) {
  const form = useForm({ password: '', again: '' }, async ({ password, again }) => {
    if (password !== again) {
      form.refuse({ again: t('invitation.differs') });
      return;
    }
    const known = await post('/invitation/accept', { token, password, language: language.get() });
    go('/', undefined, true);
    sessionUse(known);
    await languageOfPerson();
  });
  return (
    <>
      <p>{t('invitation.lead', { name: invitation.name })}</p>
      <Facts rows={[
        [t('profile.email'), invitation.email],
        [t('profile.role'), t(`role.${invitation.role}`)],
        invitation.merchant_name ? [t('profile.merchant'), invitation.merchant_name] : null,
        [t('invitation.until'), <Time at={invitation.expires_at} />],
      ]} />
      <Form form={form} testId="invitation">
        <input type="hidden" name="username" autocomplete="username" value={invitation.email} />
        <PasswordField {...form.field('password')} label={t('invitation.password')} hint={t('invitation.password_hint')} autocomplete="new-password" />
        <PasswordField {...form.field('again')} label={t('invitation.again')} autocomplete="new-password" />
        <Button type="submit" look="primary" wide busy={form.busy} testId="submit">{t('invitation.submit')}</Button>
      </Form>
    </>
  );
}
