import type { ComponentChildren } from 'preact';
import { t } from '../text';
import { Button } from './button';

export interface Column<T> {
  label: string;
  show(item: T): ComponentChildren;
  // Numbers and amounts stand at the end.
  end?: boolean;
  // Without its label on a phone: the first of a row, or its buttons.
  place?: 'head' | 'tail';
}

// On a phone each row becomes a list of names and values. `caption` is read out; `link` makes the whole row lead somewhere, by an
// <a class="whole"> that the first column shows.
export function Table<T>({ caption, columns, items, id, linked, onMore, moreBusy }: {
  caption: string; columns: readonly Column<T>[]; items: readonly T[]; id(item: T): string; linked?: boolean;
  onMore?: (() => void) | undefined; moreBusy?: boolean;
}) {
  return (
    <>
      <table class="table" role="table">
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => <th key={column.label} scope="col" role="columnheader" class={column.end ? 'end' : undefined}>{column.label}</th>)}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {items.map((item) => (
            <tr key={id(item)} role="row" class={linked ? 'linked' : undefined}>
              {columns.map((column) => (
                <td key={column.label} role="cell" data-label={column.label} class={`${column.end ? 'end ' : ''}${column.place ?? ''}`}>
                  <div>{column.show(item)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {onMore && <div class="more"><Button wide busy={moreBusy} onClick={onMore}>{t('common.more')}</Button></div>}
    </>
  );
}
