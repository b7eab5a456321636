import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { t } from '../text';
import { IconButton } from './button';
import { Icon } from './icon';

// What useForm gives for a field.
export interface Bound {
  name: string;
  value: string;
  error?: string;
  onInput(value: string): void;
}

interface Shown {
  label: string;
  hint?: ComponentChildren;
  // Otherwise fields are required.
  optional?: boolean;
  // Of a search: not required, and nobody thinks so.
  free?: boolean;
}

interface Ids {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: 'true';
}

// Label, hint, the control, and its error next to it.
export function Labelled({ label, hint, optional, error, children }: Shown & { error?: string; children: (ids: Ids) => ComponentChildren }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}{optional && <span class="soft"> {t('common.optional')}</span>}</label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? 'true' : undefined })}
      {error && <p class="error" id={`${id}-error`}><Icon name="bad" />{error}</p>}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

export interface FieldProps extends Bound, Shown {
  type?: 'text' | 'email' | 'url' | 'search' | 'date' | 'tel';
  autocomplete?: string;
  inputMode?: 'text' | 'numeric' | 'decimal' | 'email' | 'url';
  maxLength?: number;
  placeholder?: string;
  mono?: boolean;
  code?: boolean;
  autofocus?: boolean;
}

export function Field(props: FieldProps) {
  return (
    <Labelled {...props}>
      {(ids) => (
        <input {...ids} class={`input${props.mono ? ' mono' : ''}${props.code ? ' code' : ''}`} name={props.name} value={props.value}
          type={(props.type ?? 'text') as 'text'} autocomplete={props.autocomplete ?? 'off'} inputMode={props.inputMode} maxLength={props.maxLength}
          placeholder={props.placeholder} autofocus={props.autofocus} spellcheck={false} autocapitalize="off"
          aria-required={props.optional || props.free ? undefined : 'true'} onInput={(event) => props.onInput(event.currentTarget.value)} />
      )}
    </Labelled>
  );
}

export function AreaField(props: Bound & Shown & { rows?: number; mono?: boolean; maxLength?: number }) {
  return (
    <Labelled {...props}>
      {(ids) => (
        <textarea {...ids} class={`input${props.mono ? ' mono' : ''}`} name={props.name} value={props.value} rows={props.rows ?? 5}
          maxLength={props.maxLength} spellcheck={false} aria-required={props.optional || props.free ? undefined : 'true'}
          onInput={(event) => props.onInput(event.currentTarget.value)} />
      )}
    </Labelled>
  );
}

export function PasswordField(props: Bound & Shown & { autocomplete: 'current-password' | 'new-password' }) {
  const [shown, setShown] = useState(false);
  return (
    <Labelled {...props}>
      {(ids) => (
        <div class="with-button">
          <input {...ids} class="input" type={(shown ? 'text' : 'password') as 'text'} name={props.name} value={props.value}
            autocomplete={props.autocomplete} spellcheck={false} autocapitalize="off" aria-required="true"
            onInput={(event) => props.onInput(event.currentTarget.value)} />
          <IconButton icon={shown ? 'eye_off' : 'eye'} label={t('common.password_show')} pressed={shown} onClick={() => setShown(!shown)} />
        </div>
      )}
    </Labelled>
  );
}

export function SelectField({ options, ...props }: Bound & Shown & { options: readonly { value: string; label: string }[] }) {
  return (
    <Labelled {...props}>
      {(ids) => (
        <div class="select">
          <select {...ids} class="input" name={props.name} value={props.value} onChange={(event) => props.onInput(event.currentTarget.value)}>
            {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
          </select>
          <Icon name="down" />
        </div>
      )}
    </Labelled>
  );
}

export function CheckField({ label, hint, checked, onChange, name }: {
  label: string; hint?: ComponentChildren; checked: boolean; onChange(checked: boolean): void; name: string;
}) {
  const id = useId();
  return (
    <div class="choice">
      <input type="checkbox" id={id} name={name} checked={checked} aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)} />
      <div class="field">
        <label for={id}>{label}</label>
        {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      </div>
    </div>
  );
}
