// Forms: what was typed, what the server said to it, and one sending at a time.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api';
import { t, tMaybe } from '../text';
import type { Bound } from './field';
import { Notice } from './surface';

// What a person is told of an error.
export function errorText(error: unknown): string {
  const code = error instanceof ApiError ? error.code : 'unreadable';
  return tMaybe(`error.${code}`) ?? t('error.unreadable');
}

// Of one field: the server tells a code or, where there is none, words for developers.
const fieldText = (told: string) => tMaybe(`field.${told}`) ?? tMaybe(`error.${told}`) ?? told;

export interface Action<A extends unknown[]> {
  run(...args: A): Promise<void>;
  busy: boolean;
  error: unknown;
  clear(): void;
}

// Something that is sent: a second click while it is under way does nothing.
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: null });
  const busy = useRef(false);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const tell = (next: { busy: boolean; error: unknown }) => {
    busy.current = next.busy;
    if (alive.current) {
      setState(next);
    }
  };
  return {
    ...state,
    async run(...args) {
      if (busy.current) {
        return;
      }
      tell({ busy: true, error: null });
      try {
        await work(...args);
        tell({ busy: false, error: null });
      } catch (error) {
        if (!(error instanceof ApiError)) {
          console.error(error);
        }
        tell({ busy: false, error });
      }
    },
    clear: () => tell({ busy: busy.current, error: null }),
  };
}

export interface FormState<V extends Record<string, string>> {
  values: V;
  busy: boolean;
  error: unknown;
  field(name: keyof V & string): Bound;
  set(values: Partial<V>): void;
  // Own findings before anything is sent: {field: text}.
  refuse(faults: Partial<Record<keyof V, string>>): void;
  submit(): Promise<void>;
  known: readonly string[];
}

export function useForm<V extends Record<string, string>>(first: V, send: (values: V, form: FormState<V>) => Promise<unknown>): FormState<V> {
  const [values, setValues] = useState(first);
  const [faults, setFaults] = useState<Record<string, string | undefined>>({});
  const form: FormState<V> = {
    values,
    busy: false,
    error: null,
    known: Object.keys(first),
    field: (name) => ({
      name,
      value: values[name] ?? '',
      error: faults[name],
      onInput(value) {
        setValues((old) => ({ ...old, [name]: value }));
        setFaults((old) => ({ ...old, [name]: undefined }));
      },
    }),
    set: (more) => setValues((old) => ({ ...old, ...more })),
    refuse: (found) => setFaults(found as Record<string, string>),
    submit: async () => {},
  };
  const action = useAction(async () => {
    setFaults({});
    try {
      await send(values, form);
    } catch (error) {
      if (error instanceof ApiError) {
        setFaults(Object.fromEntries(Object.entries(error.fields).map(([name, told]) => [name, fieldText(told)])));
      }
      throw error;
    }
  });
  form.busy = action.busy;
  form.error = action.error;
  form.submit = action.run;
  return form;
}

// Errors that no field of the form shows are told on top; the first wrong field gets the focus.
export function Form<V extends Record<string, string>>({ form, children, testId }: {
  form: FormState<V>; children: ComponentChildren; testId?: string;
}) {
  const element = useRef<HTMLFormElement>(null);
  const wrong = form.known.map((name) => form.field(name).error ?? '').join('\n');
  useEffect(() => {
    if (wrong.trim() && !form.busy) {
      element.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    }
  }, [wrong, form.busy]);
  const own = form.error instanceof ApiError && Object.keys(form.error.fields).some((name) => form.known.includes(name));
  return (
    <form ref={element} class="stack" noValidate data-testid={testId} onSubmit={(event) => {
      event.preventDefault();
      void form.submit();
    }}>
      <Failure error={own ? null : form.error} />
      {children}
    </form>
  );
}

// Read out at once when it appears.
export function Failure({ error }: { error: unknown }) {
  return <div role="alert" hidden={!error}>{error ? <Notice tone="bad">{errorText(error)}</Notice> : null}</div>;
}
