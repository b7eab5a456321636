// Who works with the merchant's account (or, for the operator, everybody): invited, changed, shut out.
import { useState } from 'preact/hooks';
import { ApiError, get, post, type Got, type Posted } from '../api';
import type { Role } from '../gen/role';
import { Button } from '../parts/button';
import { Confirm, Dialog } from '../parts/dialog';
import { Field, SelectField } from '../parts/field';
import { Form, useForm } from '../parts/form';
import { Load, useList } from '../parts/load';
import { say } from '../parts/say';
import { Badge, Card, Empty, Facts, Notice, Page, type Tone } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy, Time } from '../parts/value';
import { isOperator, may, session } from '../session';
import { t, type Language } from '../text';

type Person = Got<'/people'>['items'][number];
type Changed = Posted<'/people'>;
type Doing = { what: 'invite' | 'change' | 'reset' | 'disable' | 'enable'; person?: Person };

const MERCHANT_ROLES: readonly Role[] = ['merchant_owner', 'merchant_developer', 'merchant_viewer'];
const OPERATOR_ROLES: readonly Role[] = ['operator_admin', 'operator_support'];
const TONES: Record<Person['state'], Tone> = { active: 'good', invited: 'info', disabled: 'plain' };

const rolesFor = (operators: boolean) => (operators ? OPERATOR_ROLES : MERCHANT_ROLES);
const roleOptions = (roles: readonly Role[]) => roles.map((role) => ({ value: role as string, label: t(`role.${role}`) }));

export default function People() {
  const people = useList((after) => get('/people', { query: { after, ...(isOperator() && { merchant: 'operator' }) } }), []);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [link, setLink] = useState<Changed | null>(null);
  const done = (changed: Changed, text: string) => {
    setDoing(null);
    people.reload();
    if (changed.invitation) {
      setLink(changed);
    } else {
      say(text);
    }
  };
  const mayChange = may(isOperator() ? 'op_people' : 'people_change');
  return (
    <Page title={t('people.title')} lead={t('people.lead')}
      actions={mayChange && <Button look="primary" icon="plus" onClick={() => setDoing({ what: 'invite' })} testId="invite">{t('people.invite')}</Button>}>
      <Card flush>
        <Load of={people} tall>{(items) => (items.length === 0 ? <Empty icon="people" title={t('people.none')} /> : (
          <Table caption={t('people.title')} items={items} id={(item) => item.id} onMore={people.more} moreBusy={people.moreBusy} columns={[
            { label: t('people.name'), place: 'head', show: (item) => <><b>{item.name}</b><div class="soft small">{item.email}</div></> },
            { label: t('people.role'), show: (item) => t(`role.${item.role}`) },
            { label: t('people.state'), show: (item) => <Badge tone={TONES[item.state]}>{t(`people.state_${item.state}`)}</Badge> },
            { label: t('people.two_step'), show: (item) => t(item.totp ? 'people.yes' : 'people.no') },
            { label: t('people.seen'), show: (item) => <Time at={item.seen_at} form="date" /> },
            ...(mayChange ? [{ label: t('common.actions'), end: true, place: 'tail' as const, show: (item: Person) => <Actions person={item} onDo={setDoing} /> }] : []),
          ]} />
        ))}</Load>
      </Card>
      {people.data && (
        <Card title={t('people.roles')}>
          <Facts rows={rolesFor(isOperator()).map((role) => [t(`role.${role}`), t(`people.may_${role}`)] as [string, string])} />
        </Card>
      )}
      {doing?.what === 'invite' && <Invite onClose={() => setDoing(null)} onDone={done} />}
      {doing?.what === 'change' && doing.person && <Change person={doing.person} onClose={() => setDoing(null)} onStale={people.reload}
        onDone={(changed) => done(changed, t('common.saved'))} />}
      {doing?.person && (doing.what === 'disable' || doing.what === 'enable' || doing.what === 'reset') && (
        <Sure what={doing.what} person={doing.person} onClose={() => setDoing(null)} onDone={done} />
      )}
      {link?.invitation && <Link changed={link} onClose={() => setLink(null)} />}
    </Page>
  );
}

function Actions({ person, onDo }: { person: Person; onDo(doing: Doing): void }) {
  const own = session.get()?.person?.id === person.id;
  const off = person.state === 'disabled';
  return (
    <div class="actions end">
      {!off && <Button small onClick={() => onDo({ what: 'change', person })} testId="change">{t('people.change')}</Button>}
      {!off && !own && <Button small onClick={() => onDo({ what: 'reset', person })} testId="reset">{t('people.reset')}</Button>}
      {!own && <Button small look={off ? 'plain' : 'danger'} onClick={() => onDo({ what: off ? 'enable' : 'disable', person })} testId={off ? 'enable' : 'disable'}>
        {t(off ? 'people.enable' : 'people.disable')}
      </Button>}
    </div>
  );
}

function Invite({ onClose, onDone }: { onClose(): void; onDone(changed: Changed, text: string): void }) {
  const roles = rolesFor(isOperator());
  const form = useForm({ name: '', email: '', role: roles[roles.length - 1] as string, language: 'bn' }, async ({ name, email, role, language }) => {
    onDone(await post('/people', { name, email, role: role as Role, language: language as Language }), t('common.saved'));
  });
  return (
    <Dialog title={t('people.invite')} onClose={onClose} locked={form.busy} testId="invite-dialog">
      <Form form={form}>
        <Field {...form.field('name')} label={t('people.name')} maxLength={100} />
        <Field {...form.field('email')} label={t('profile.email')} type="email" inputMode="email" />
        <SelectField {...form.field('role')} label={t('people.role')} options={roleOptions(roles)} hint={t(`people.may_${form.values.role as Role}`)} />
        <SelectField {...form.field('language')} label={t('profile.language')}
          options={[{ value: 'bn', label: t('profile.bangla') }, { value: 'en', label: t('profile.english') }]} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('people.make_link')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Change({ person, onClose, onDone, onStale }: { person: Person; onClose(): void; onDone(changed: Changed): void; onStale(): void }) {
  const roles = rolesFor(person.role.startsWith('operator_'));
  const form = useForm({ name: person.name, role: person.role as string }, async ({ name, role }) => {
    try {
      onDone(await post('/people/{person_id}', { name, role: role as Role, version: person.version }, { path: { person_id: person.id } }));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale') {
        onStale();
      }
      throw error;
    }
  });
  return (
    <Dialog title={person.email} onClose={onClose} locked={form.busy} testId="change-dialog">
      <Form form={form}>
        <Field {...form.field('name')} label={t('people.name')} maxLength={100} />
        <SelectField {...form.field('role')} label={t('people.role')} options={roleOptions(roles)} hint={t(`people.may_${form.values.role as Role}`)} />
        <div class="actions end">
          <Button onClick={onClose} disabled={form.busy}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={form.busy} testId="yes">{t('common.save')}</Button>
        </div>
      </Form>
    </Dialog>
  );
}

function Sure({ what, person, onClose, onDone }: {
  what: 'reset' | 'disable' | 'enable'; person: Person; onClose(): void; onDone(changed: Changed, text: string): void;
}) {
  const paths = { reset: '/people/{person_id}/reset', disable: '/people/{person_id}/disable', enable: '/people/{person_id}/enable' } as const;
  return (
    <Confirm title={t(`people.${what}`)} yes={t(`people.${what}`)} danger={what !== 'enable'} onClose={onClose}
      onYes={async () => onDone(await post(paths[what], {}, { path: { person_id: person.id } }), t(`people.done_${what}`))}>
      <p>{t(`people.sure_${what}`, { name: person.name })}</p>
    </Confirm>
  );
}

// The link is shown to who invites: Kassa sends no mail.
function Link({ changed, onClose }: { changed: Changed; onClose(): void }) {
  return (
    <Dialog title={t('people.link_title', { name: changed.person.name })} onClose={onClose} testId="link-dialog">
      <p>{t('people.link_lead')}</p>
      <div class="link"><Copy text={changed.invitation ?? ''} of={t('people.link')} /></div>
      <Notice tone="warn">{t('people.link_once')}</Notice>
      <div class="actions end"><Button look="primary" onClick={onClose} testId="yes">{t('people.link_done')}</Button></div>
    </Dialog>
  );
}
