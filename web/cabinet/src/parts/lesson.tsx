// The first request, ready to be copied: for its own page and for what is empty because nobody has sent one yet.
import { useState } from 'preact/hooks';
import { LANGUAGES, lesson, type LessonLanguage } from '../lesson';
import { href } from '../route';
import { keep, kept } from '../store';
import '../style/lesson.css';
import { t } from '../text';
import type { Account } from './account';
import { Copy } from './value';

const KEPT = 'kassa.lesson';

export function Lesson({ account }: { account: Account }) {
  const before = LANGUAGES.find((one) => one === kept(KEPT));
  const [language, setLanguage] = useState<LessonLanguage>(before ?? 'php');
  const program = lesson(language, { api: account.api_url, account: account.uuid, service: account.services[0] ?? '' });
  return (
    <ol class="lesson stack wide">
      <li>
        <h3>{t('start.step_cert')}</h3>
        <p>{t('start.step_cert_hint')} <a href={href('/certs', { account: account.uuid })}>{t('start.to_certs')}</a></p>
      </li>
      <li>
        <h3>{t('start.step_unzip')}</h3>
        <pre tabIndex={0} aria-label={t('start.command')}><code>{`unzip ${account.uuid}-payments.zip -d kassa && cd kassa`}</code></pre>
      </li>
      <li>
        <h3>{t(program.file ? 'start.step_save' : 'start.step_type')}{program.file && <> <code>{program.file}</code></>}</h3>
        <div class="segments" role="group" aria-label={t('start.language')}>
          {LANGUAGES.map((one) => (
            <button key={one} type="button" aria-pressed={one === language} data-testid={`lesson-${one}`} onClick={() => {
              keep(KEPT, one);
              setLanguage(one);
            }}>{lesson(one, { api: '', account: '', service: '' }).name}</button>
          ))}
        </div>
        <div class="program">
          <Copy text={program.code} of={program.name} only />
          <pre tabIndex={0} aria-label={program.name} data-testid="lesson-code"><code>{program.code}</code></pre>
        </div>
      </li>
      {program.run && (
        <li>
          <h3>{t('start.step_run')}</h3>
          <pre tabIndex={0} aria-label={t('start.command')} data-testid="lesson-run"><code>{program.run}</code></pre>
        </li>
      )}
      <li>
        <h3>{t('start.step_answer')}</h3>
        <p>{t('start.step_answer_hint')}</p>
      </li>
    </ol>
  );
}
