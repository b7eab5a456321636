// Whose things a page shows: one of the merchant's accounts, kept in the address.
import type { ComponentChildren } from 'preact';
import { get, type Got } from '../api';
import { go, place } from '../route';
import { keep, kept, useStore } from '../store';
import { t } from '../text';
import { SelectField } from './field';
import { Load, useLoad } from './load';
import { Card, Empty } from './surface';

export type Account = Got<'/accounts'>['items'][number];

const KEPT = 'kassa.account';

export const accountName = (account: Account) => account.name || account.uuid;

// With one account there is nothing to choose.
export function OfAccount({ children }: { children: (account: Account) => ComponentChildren }) {
  const accounts = useLoad(() => get('/accounts'), []);
  const { path, query } = useStore(place);
  const wanted = query.get('account') ?? kept(KEPT);
  return (
    <Load of={accounts}>{({ items }) => {
      const account = items.find((item) => item.uuid === wanted) ?? items.find((item) => item.enabled) ?? items[0];
      if (!account) {
        return <Card><Empty icon="account" title={t('account.none')}>{t('account.none_hint')}</Empty></Card>;
      }
      const choose = (uuid: string) => {
        keep(KEPT, uuid);
        go(path, { account: uuid }, true);
      };
      return (
        <div class="stack wide">
          {items.length > 1 && (
            <SelectField name="account" label={t('account.one')} value={account.uuid} onInput={choose}
              options={items.map((item) => ({ value: item.uuid, label: `${accountName(item)} · ${item.currency}` }))} />
          )}
          <div class="stack wide" key={account.uuid}>{children(account)}</div>
        </div>
      );
    }}</Load>
  );
}
