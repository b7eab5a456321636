import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon';

export type Look = 'plain' | 'primary' | 'danger' | 'quiet';

interface Common {
  look?: Look;
  icon?: IconName;
  small?: boolean;
  wide?: boolean;
  children?: ComponentChildren;
}

const classes = ({ look = 'plain', small, wide }: Common, more = '') =>
  `button ${look}${small ? ' small' : ''}${wide ? ' wide' : ''}${more}`;

// While busy it stays where the focus is, but does nothing.
export function Button(props: Common & {
  type?: 'button' | 'submit'; busy?: boolean; disabled?: boolean; onClick?: () => void; testId?: string; describedBy?: string;
}) {
  const { icon, busy, disabled, onClick, children, type = 'button' } = props;
  return (
    <button type={type} class={classes(props)} data-testid={props.testId} aria-describedby={props.describedBy}
      aria-disabled={busy || disabled ? 'true' : undefined}
      onClick={(event) => {
        if (busy || disabled) {
          event.preventDefault();
        } else {
          onClick?.();
        }
      }}>
      {busy ? <span class="spin" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

// Looks like a button and leads somewhere; `download` keeps the answer as a file.
export function ButtonLink(props: Common & { href: string; download?: boolean; testId?: string }) {
  return (
    <a class={classes(props)} href={props.href} download={props.download} data-testid={props.testId}>
      {props.icon && <Icon name={props.icon} />}
      {props.children}
    </a>
  );
}

// A sign alone: `label` is what it is called.
export function IconButton({ icon, label, onClick, small, pressed, expanded, testId }: {
  icon: IconName; label: string; onClick: () => void; small?: boolean; pressed?: boolean; expanded?: boolean; testId?: string;
}) {
  return (
    <button type="button" class={`button quiet icon${small ? ' small' : ''}`} aria-label={label} title={label} onClick={onClick}
      aria-pressed={pressed} aria-expanded={expanded} data-testid={testId}>
      <Icon name={icon} />
    </button>
  );
}
