import { formTypeOf, type DataForm } from "../0004-data-forms/elements.ts";

/**
 * Makes one form of those with the same FORM_TYPE: two of a kind in one disco#info would be refused by whoever checks
 * entity capabilities (XEP-0115 §5.4). Of a field that several fill in, the first stands. A form that does not say what
 * its fields mean is left out.
 */
export function mergeForms(forms: readonly DataForm[]): readonly DataForm[] {
  const merged = new Map<string, DataForm>();
  for (const form of forms) {
    const formType = formTypeOf(form);
    if (formType === undefined) continue;
    const before = merged.get(formType);
    merged.set(formType, before === undefined ? form : { ...before, fields: joined(before.fields, form.fields) });
  }
  return [...merged.values()];
}

function joined(fields: DataForm["fields"], more: DataForm["fields"]): DataForm["fields"] {
  const known = new Set(fields.map((field) => field.var));
  return [...fields, ...more.filter((field) => !known.has(field.var))];
}
