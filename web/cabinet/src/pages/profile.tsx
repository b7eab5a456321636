// One's own: who one is here, language, and the way out.
import { Button } from '../parts/button';
import { Failure, useAction } from '../parts/form';
import { Card, Facts, Page } from '../parts/surface';
import { session, signOut } from '../session';
import { t } from '../text';

export default function Profile() {
  const known = session.get();
  const out = useAction(signOut);
  return (
    <Page title={t('profile.title')} lead={t('profile.lead')}
      actions={<Button icon="out" busy={out.busy} onClick={() => void out.run()} testId="sign-out">{t('profile.sign_out')}</Button>}>
      <Failure error={out.error} />
      <Card title={t('profile.about')}>
        <Facts rows={[
          [t('profile.name'), known?.person?.name],
          [t('profile.email'), known?.person?.email],
          [t('profile.role'), known?.person && t(`role.${known.person.role}`)],
          known?.merchant && [t('profile.merchant'), known.merchant.name],
        ]} />
      </Card>
    </Page>
  );
}
