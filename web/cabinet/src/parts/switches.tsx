import { useStore } from '../store';
import { languageChoose, type Language } from '../text';
import { t, useLanguage } from '../text-hooks';
import { theme, themeChoose, type Theme } from '../theme';
import { Icon, type IconName } from './icon';

// Each in itself, so that who reads only one finds it.
const LANGUAGES: readonly { value: Language; name: string }[] = [{ value: 'bn', name: 'বাংলা' }, { value: 'en', name: 'English' }];
const THEMES: readonly { value: Theme; icon: IconName }[] = [
  { value: 'system', icon: 'system' }, { value: 'light', icon: 'sun' }, { value: 'dark', icon: 'moon' },
];

export function Switches() {
  const language = useLanguage();
  const chosen = useStore(theme);
  return (
    <div class="switches">
      <div class="segments" role="group" aria-label={t('shell.language')}>
        {LANGUAGES.map(({ value, name }) => (
          <button key={value} type="button" lang={value} aria-pressed={language === value} data-testid={`language-${value}`}
            onClick={() => void languageChoose(value)}>{name}</button>
        ))}
      </div>
      <div class="segments" role="group" aria-label={t('shell.theme')}>
        {THEMES.map(({ value, icon }) => (
          <button key={value} type="button" aria-pressed={chosen === value} aria-label={t(`shell.theme_${value}`)} title={t(`shell.theme_${value}`)}
            data-testid={`theme-${value}`} onClick={() => themeChoose(value)}><Icon name={icon} /></button>
        ))}
      </div>
    </div>
  );
}
