// The first signed request, step by step.
import { OfAccount } from '../parts/account';
import { Lesson } from '../parts/lesson';
import { Card, Facts, Page } from '../parts/surface';
import { Copy } from '../parts/value';
import { href } from '../route';
import { t } from '../text';

export default function Start() {
  return (
    <Page title={t('start.title')} lead={t('start.lead')}>
      <OfAccount>{(account) => (
        <>
          <Card title={t('start.given')}>
            <Facts rows={[
              [t('start.api'), <Copy text={account.api_url} of={t('start.api')} />],
              [t('account.uuid'), <Copy text={account.uuid} of={t('account.uuid')} />],
            ]} />
          </Card>
          <Card title={t('start.steps')}><Lesson account={account} /></Card>
          <Card title={t('start.next')}>
            <ul class="stack tight">
              <li><a href={href('/endpoints', { account: account.uuid })}>{t('start.next_endpoint')}</a></li>
              <li><a href={href('/redirects', { account: account.uuid })}>{t('start.next_redirect')}</a></li>
            </ul>
          </Card>
        </>
      )}</OfAccount>
    </Page>
  );
}
