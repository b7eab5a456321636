// A value that parts of the page watch.
import { useEffect, useState } from 'preact/hooks';

export interface Store<T> {
  get(): T;
  set(value: T): void;
  listen(hear: () => void): () => void;
}

export function store<T>(value: T): Store<T> {
  const ears = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (next !== value) {
        value = next;
        [...ears].forEach((hear) => hear());
      }
    },
    listen(hear) {
      ears.add(hear);
      return () => { ears.delete(hear); };
    },
  };
}

export function useStore<T>(watched: Store<T>): T {
  const [value, setValue] = useState(watched.get());
  useEffect(() => {
    const hear = () => setValue(() => watched.get());
    hear();
    return watched.listen(hear);
  }, [watched]);
  return value;
}

// What a browser remembers; a browser that refuses to still works.
export function keep(name: string, value: string | null): void {
  try {
    if (value === null) {
      localStorage.removeItem(name);
    } else {
      localStorage.setItem(name, value);
    }
  } catch { /* without storage the choice lasts as long as the page */ }
}

export function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
