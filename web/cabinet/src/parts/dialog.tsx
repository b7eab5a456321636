import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../text';
import { Button, IconButton } from './button';
import { Failure, useAction } from './form';

// Over the page, as long as it is drawn: the browser keeps the focus inside. `locked`: something is under way.
export function Dialog({ title, onClose, locked, wide, children, testId }: {
  title: string; onClose(): void; locked?: boolean; wide?: boolean; children: ComponentChildren; testId?: string;
}) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) {
      dialog.showModal();
      // what one came for, not the way out
      dialog.querySelector<HTMLElement>('.body :is(input, select, textarea, button)')?.focus();
    }
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  const close = () => {
    if (!locked) {
      onClose();
    }
  };
  return (
    <dialog ref={element} class={`dialog${wide ? ' wide' : ''}`} aria-labelledby={id} data-testid={testId}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}>
      <div class="head">
        <h2 id={id}>{title}</h2>
        <IconButton icon="close" label={t('common.close')} onClick={close} />
      </div>
      <div class="body stack">{children}</div>
    </dialog>
  );
}

// Asks before something that can't be undone is done.
export function Confirm({ title, children, yes, danger, onYes, onClose, testId }: {
  title: string; children?: ComponentChildren; yes: string; danger?: boolean; onYes(): Promise<unknown>; onClose(): void; testId?: string;
}) {
  const action = useAction(async () => {
    await onYes();
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose} locked={action.busy} testId={testId}>
      <Failure error={action.error} />
      {children}
      <div class="actions end">
        <Button onClick={onClose} disabled={action.busy}>{t('common.cancel')}</Button>
        <Button look={danger ? 'danger' : 'primary'} busy={action.busy} onClick={() => void action.run()} testId="yes">{yes}</Button>
      </div>
    </Dialog>
  );
}
