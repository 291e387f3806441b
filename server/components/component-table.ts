import type { TableValues } from "../config/add-table.ts";
import type { ComponentConflict } from "./component-settings.ts";

/** A `[[components]]` table without what is by default anyway, and without its secret. */
export function componentTable(component: {
  readonly domain: string;
  readonly name?: string | undefined;
  readonly host?: string | undefined;
  readonly subdomains: boolean;
  readonly conflict: ComponentConflict;
}): TableValues {
  const { domain, name, host, subdomains, conflict } = component;
  return {
    domain,
    name,
    host,
    subdomains: subdomains || undefined,
    conflict: conflict === "refuse-new" ? undefined : conflict,
  };
}
