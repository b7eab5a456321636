// Small choices on top of a page.
import { t } from '../text';
import { SelectField } from './field';

export function Segments<V extends string>({ label, options, chosen, onChoose }: {
  label: string; options: readonly { value: V; label: string }[]; chosen: V; onChoose(value: V): void;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === chosen} onClick={() => onChoose(option.value)}>{option.label}</button>
      ))}
    </div>
  );
}

// Whoever has one account has nothing to choose.
export function AccountChoice({ accounts, chosen, onChoose, all = true }: {
  accounts: readonly { uuid: string; name: string }[]; chosen: string | undefined; onChoose(uuid: string | undefined): void; all?: boolean;
}) {
  if (accounts.length < 2 && !chosen) {
    return null;
  }
  const options = accounts.map(({ uuid, name }) => ({ value: uuid, label: name || uuid.slice(0, 8) }));
  return (
    <SelectField name="account" label={t('payments.account')} value={chosen ?? ''} onInput={(uuid) => onChoose(uuid || undefined)}
      options={all ? [{ value: '', label: t('payments.account_all') }, ...options] : options} />
  );
}
