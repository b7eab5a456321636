// A statement to print, or to keep as a PDF.
import { get } from '../api';
import { date, dayStart, money } from '../format';
import { Button } from '../parts/button';
import { Load, useLoad } from '../parts/load';
import { Card, Facts, Page } from '../parts/surface';
import type { PageProps } from '../pages';
import { session } from '../session';
import { t } from '../text';
import { useLanguage } from '../text-hooks';
import { DayTable } from './balance';

export default function Statement({ query }: PageProps) {
  const language = useLanguage();
  const account = query.get('account') ?? '';
  const range = { from: query.get('from') ?? undefined, to: query.get('to') ?? undefined };
  const seen = useLoad(() => get('/accounts/{account}/balance', { path: { account }, query: range }), [account, range.from, range.to]);
  return (
    <Page title={t('balance.statement')} back={{ to: `/balance?account=${account}`, text: t('balance.title') }}
      actions={<span class="no-print"><Button icon="print" onClick={() => print()}>{t('balance.print_now')}</Button></span>}>
      <Load of={seen} tall>{(known) => (
        <>
          <Card>
            <Facts rows={[
              session.get()?.merchant ? [t('balance.merchant'), session.get()?.merchant?.name] : null,
              [t('payments.account'), <>{known.account_name} <code>{known.account}</code></>],
              [t('balance.range'), `${date(dayStart(known.from), language)} – ${date(dayStart(known.to), language)}`],
              [t('balance.opening_name'), money(known.opening_poisha)],
              [t('balance.closing_name'), <strong>{money(known.closing_poisha)}</strong>],
              [t('balance.made'), date(session.get()?.now ?? Date.now(), language)],
            ]} />
          </Card>
          <Card title={t('balance.days')} flush><DayTable known={known} oldest /></Card>
        </>
      )}</Load>
    </Page>
  );
}
