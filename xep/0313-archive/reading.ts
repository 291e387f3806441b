import type { Query } from "./elements.ts";
import { readFilter } from "./query-form.ts";

/**
 * Whether a question is one for what its client has missed, so that it will have everything that is there: from some place or
 * time on, or the last page, and no selection.
 *
 * @throws StanzaError as {@link readFilter} does
 */
export function readsOn({ form, page }: Query): boolean {
  const { start: _start, afterId: _afterId, ...selection } = readFilter(form);
  if (Object.keys(selection).length > 0) return false;
  // A page before some message is one of the past, and one without messages is none.
  return (page?.before === undefined || page.before === "") && page?.max !== 0;
}
