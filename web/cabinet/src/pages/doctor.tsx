// The signature doctor: why a request is refused, shown on the bytes, with the mend.
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, post, type Got, type Posted } from '../api';
import findings from '../doctor/findings.json';
import { base64Of, bytesOf, viewOf } from '../doctor/bytes';
import { LANGUAGES, MENDS, NAMES, type Mend, type Programming } from '../doctor/mends';
import { number } from '../format';
import { Button } from '../parts/button';
import { AreaField, SelectField } from '../parts/field';
import { Failure, Form, useAction, useForm } from '../parts/form';
import { Load, useLoad } from '../parts/load';
import { Badge, Card, Empty, Facts, Notice, Page } from '../parts/surface';
import { Table } from '../parts/table';
import { Copy, Time } from '../parts/value';
import { go, place } from '../route';
import { keep, kept, useStore } from '../store';
import { t, tMaybe, tn } from '../text';
import { useLanguage } from '../text-hooks';
import '../style/doctor.css';

type Account = Got<'/accounts'>['items'][number];
type Report = Posted<'/accounts/{uuid}/doctor'>;
type Code = keyof typeof findings;

const KEPT = 'kassa.account';
const KEPT_PROGRAMMING = 'kassa.programming';

const textOf = (code: string, language: 'en' | 'bn') => findings[code as Code]?.[language];
const mendOf = (code: string) => (findings[code as Code]?.code ?? 'none') as Mend;

// What differs in JSON that was written anew is told in words; else it is a name, a number or what was sent.
const detailText = (code: string, detail: string) => (code.startsWith('body_')
  ? detail.split(', ').map((way) => tMaybe(`doctor.way_${way}`) ?? way).join(', ') : detail);

export default function Doctor() {
  const accounts = useLoad(() => get('/accounts'), []);
  const { path, query } = useStore(place);
  const wanted = query.get('account') ?? kept(KEPT);
  return (
    <Page title={t('doctor.title')} lead={t('doctor.lead')}>
      <Load of={accounts}>{({ items }) => {
        const account = items.find((item) => item.uuid === wanted) ?? items[0];
        if (!account) {
          return <Card><Empty icon="account" title={t('doctor.no_account')} /></Card>;
        }
        const choose = (uuid: string) => {
          keep(KEPT, uuid);
          go(path, { account: uuid }, true);
        };
        return (
          <div class="stack wide">
            {items.length > 1 && <SelectField name="account" label={t('doctor.account')} value={account.uuid} onInput={choose}
              options={items.map((item) => ({ value: item.uuid, label: item.name || item.uuid }))} />}
            <Examination key={account.uuid} account={account} />
          </div>
        );
      }}</Load>
    </Page>
  );
}

function Examination({ account }: { account: Account }) {
  const [report, setReport] = useState<Report | null>(null);
  const look = async (body: { refused_id?: string; request_base64?: string }) => {
    setReport(await post('/accounts/{uuid}/doctor', body, { path: { uuid: account.uuid } }));
  };
  return (
    <>
      {report && <Found key={report.at + report.body_base64} report={report} />}
      <Recent account={account} onLook={(id) => look({ refused_id: id })} />
      <Paste onLook={(bytes) => look({ request_base64: base64Of(bytes) })} />
    </>
  );
}

function Recent({ account, onLook }: { account: Account; onLook(id: string): Promise<unknown> }) {
  const refused = useLoad(() => get('/accounts/{uuid}/refused', { path: { uuid: account.uuid } }), [account.uuid]);
  const [picked, setPicked] = useState<string | null>(null);
  const action = useAction(async (id: string) => {
    setPicked(id);
    await onLook(id);
  });
  return (
    <Card title={t('doctor.recent')} lead={refused.data && tn('doctor.recent_lead', refused.data.kept_days)} flush testId="recent"
      actions={<Button small icon="again" busy={refused.loading} onClick={refused.reload} testId="reload">{t('doctor.reload')}</Button>}>
      <Failure error={action.error} />
      <Load of={refused}>{({ items }) => (items.length === 0 ? <Empty icon="good" title={t('doctor.none')}>{t('doctor.none_hint')}</Empty> : (
        <Table caption={t('doctor.recent')} items={items} id={(item) => item.id} columns={[
          { label: t('doctor.at'), place: 'head', show: (item) => <Time at={item.at} seconds /> },
          { label: t('doctor.path'), show: (item) => <code>{item.path}</code> },
          { label: t('doctor.from'), show: (item) => <code>{item.client_ip}</code> },
          { label: t('doctor.size'), end: true, show: (item) => tn('doctor.bytes', item.body_bytes) },
          { label: t('common.actions'), end: true, place: 'tail', show: (item) => (
            <Button small busy={action.busy && picked === item.id} onClick={() => void action.run(item.id)} testId="examine">{t('doctor.examine')}</Button>
          ) },
        ]} />
      ))}</Load>
    </Card>
  );
}

// What is typed may lose its line ends on the way; a file keeps every byte.
function Paste({ onLook }: { onLook(bytes: Uint8Array): Promise<unknown> }) {
  const form = useForm({ request_base64: '' }, async ({ request_base64: text }) => {
    if (!text.trim()) {
      form.refuse({ request_base64: t('field.required') });
      return;
    }
    await onLook(new TextEncoder().encode(text));
  });
  const file = useAction(async (chosen: File) => onLook(new Uint8Array(await chosen.arrayBuffer())));
  const input = useRef<HTMLInputElement>(null);
  return (
    <Card title={t('doctor.paste')} lead={t('doctor.paste_lead')}>
      <Form form={form} testId="paste">
        <AreaField {...form.field('request_base64')} label={t('doctor.request')} hint={t('doctor.request_hint')} rows={9} mono />
        <div class="actions">
          <Button type="submit" look="primary" busy={form.busy} testId="look">{t('doctor.examine')}</Button>
          <Button busy={file.busy} onClick={() => input.current?.click()}>{t('doctor.file')}</Button>
          <input ref={input} type="file" class="unseen" tabIndex={-1} aria-hidden="true" data-testid="file" onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (chosen) {
              void file.run(chosen);
            }
          }} />
        </div>
        <Failure error={file.error} />
      </Form>
    </Card>
  );
}

// ---- what was found ----

function Found({ report }: { report: Report }) {
  const language = useLanguage();
  const heading = useRef<HTMLDivElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const good = report.verdict === 'good';
  return (
    <div ref={heading} tabIndex={-1} class="stack wide doctor-found" role="status" data-testid="found">
      {good ? <Notice tone="good" title={t('doctor.good')}>{t('doctor.good_hint')}</Notice> : null}
      {report.findings.map((finding, i) => {
        const text = textOf(finding.code, language);
        return (
          <Card key={finding.code} title={text?.title ?? finding.text} actions={<Badge tone={i === 0 ? 'bad' : 'warn'}>{t(i === 0 ? 'doctor.first' : 'doctor.also')}</Badge>}>
            <div class="stack" data-code={finding.code}>
              {finding.detail && <p class="soft">{t('doctor.detail')} <code>{detailText(finding.code, finding.detail)}</code></p>}
              <p>{text?.mend}</p>
              <Snippet mend={mendOf(finding.code)} />
            </div>
          </Card>
        );
      })}
      <Checked report={report} />
    </div>
  );
}

function Snippet({ mend }: { mend: Mend }) {
  const [chosen, setChosen] = useState<Programming>(() => LANGUAGES.find((name) => name === kept(KEPT_PROGRAMMING)) ?? 'php');
  if (mend === 'none') {
    return null;
  }
  const code = MENDS[mend][chosen];
  return (
    <div class="stack tight">
      <div class="row spread">
        <div class="segments" role="group" aria-label={t('doctor.in_language')}>
          {LANGUAGES.map((name) => (
            <button key={name} type="button" aria-pressed={name === chosen} onClick={() => {
              keep(KEPT_PROGRAMMING, name);
              setChosen(name);
            }}>{NAMES[name]}</button>
          ))}
        </div>
        <Copy text={code} of={t('doctor.code')} only />
      </div>
      <pre tabIndex={0} role="group" aria-label={t('doctor.code')}><code>{code}</code></pre>
    </div>
  );
}

function Checked({ report }: { report: Report }) {
  const body = bytesOf(report.body_base64);
  const signed = report.signed_base64 === null ? null : bytesOf(report.signed_base64);
  const c = report.certificate;
  return (
    <Card title={t('doctor.checked')} lead={t('doctor.checked_lead')}>
      <div class="stack">
        <Facts rows={[
          [t('doctor.account_header'), report.account_header === null ? t('doctor.missing') : <code>{report.account_header}</code>],
          [t('doctor.certificate'), c ? <>{t(`doctor.purpose_${c.purpose}`)} <code>{c.fingerprint.slice(0, 16)}…</code></> : t('doctor.not_known')],
          [t('doctor.digest'), report.digest ?? t('doctor.not_known')],
          [t('doctor.padding'), report.padding ?? t('doctor.not_known')],
          [t('doctor.signature'), report.signature_bytes ? tn('doctor.bytes', report.signature_bytes) : t('doctor.unreadable')],
          report.signed_digest ? [t('doctor.signed_digest'), <code>{report.signed_digest}</code>] : null,
          [t('doctor.body_digest'), <code>{report.body_digest}</code>],
          signed ? [t('doctor.differs_at'), number(report.differs_at + 1)] : null,
        ]} />
        <Bytes title={t('doctor.came', { n: number(body.length) })} bytes={body} differs={signed ? report.differs_at : -1} />
        {signed && <Bytes title={t('doctor.signed', { n: number(signed.length) })} bytes={signed} differs={report.differs_at} />}
      </div>
    </Card>
  );
}

function Bytes({ title, bytes, differs }: { title: string; bytes: Uint8Array; differs: number }) {
  const view = viewOf(bytes, differs);
  return (
    <div class="stack tight">
      <h3>{title}</h3>
      {bytes.length === 0 ? <p class="soft">{t('doctor.empty')}</p> : (
        <pre class="bytes" tabIndex={0} role="group" aria-label={title}>
          {view.before && <span class="soft">…</span>}
          {view.parts.map((part, i) => (part.kind === 'plain' ? part.text
            : part.kind === 'mark' ? <mark key={i}>{part.text}</mark> : <span key={i} class="soft">{part.text}</span>))}
          {view.after && <span class="soft">…</span>}
        </pre>
      )}
    </div>
  );
}
