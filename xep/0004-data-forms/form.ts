import type { XmlElement } from "#protocol/xml/element.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { DataForm, formTypeField, formTypeOf, valueField, type Field } from "./elements.ts";
import { unacceptable, type AnyFormField } from "./form-fields.ts";

/** Fields that a submitted form may have, ours or not. */
const submittedFieldsMax = 256;

/** Fields by the names that the program has for them; their `var` is their name on the wire. */
type FormFields = Readonly<Record<string, AnyFormField>>;

type ValueOf<F> = F extends { readonly read: (values: readonly string[]) => infer T } ? Exclude<T, undefined> : never;
/** `fixed` fields have no value. */
type Names<F> = { [K in keyof F]: [ValueOf<F[K]>] extends [never] ? never : K }[keyof F];
type RequiredNames<F> = { [K in Names<F>]: F[K] extends { readonly required: true } ? K : never }[Names<F>];

/** Values of all or some fields. */
export type SomeValues<F> = { readonly [K in Names<F>]?: ValueOf<F[K]> };

/** What was submitted: what is not there keeps the value that it has (XEP-0004 §3.5). */
export type FormValues<F> = { readonly [K in RequiredNames<F>]: ValueOf<F[K]> } & {
  readonly [K in Exclude<Names<F>, RequiredNames<F>>]?: ValueOf<F[K]>;
};

export interface FormText {
  readonly title?: string;
  readonly instructions?: readonly string[];
}

/** A form with a FORM_TYPE: asked, filled in, answered and read by one definition. */
export interface FormDefinition<F> {
  readonly formType: string;
  /** The form to be filled in. `values` are shown as they are now. */
  readonly ask: (values?: SomeValues<F>, face?: FormText) => XmlElement;
  /** The form filled in. */
  readonly submit: (values: SomeValues<F>) => XmlElement;
  /** Data that nobody is asked for, such as a form of disco#info (XEP-0128). */
  readonly result: (values: SomeValues<F>, face?: FormText) => XmlElement;
  /** A table: a column for each field, a row for each of `rows` (XEP-0004 §3.4). */
  readonly table: (rows: readonly SomeValues<F>[]) => XmlElement;
  /**
   * What was submitted; undefined when the form was cancelled. Fields that the form does not have are passed over.
   * [xep0004-3.1-01]
   *
   * @throws ShapeError `bad-request` for what is no submission of this form, `not-acceptable` for one that was not
   * filled in right
   */
  readonly read: (element: XmlElement) => FormValues<F> | undefined;
}

/**
 * Declares a form once: its fields, their types, what is required.
 *
 * @param formType what its FORM_TYPE says. Who submits may leave it out, where the element around the form tells which
 * one it is.
 */
export function form<const F extends FormFields>(formType: string, fields: F): FormDefinition<F> {
  const entries: readonly (readonly [string, AnyFormField])[] = Object.entries(fields);
  const build = (type: DataForm["type"], shown: readonly Field[], face: FormText = {}): XmlElement =>
    DataForm.build({
      type,
      instructions: face.instructions ?? [],
      ...(face.title === undefined ? {} : { title: face.title }),
      fields: [formTypeField(formType), ...shown],
      items: [],
    });
  const answers = (values: Readonly<Record<string, unknown>>): readonly Field[] =>
    entries.flatMap(([name, field]) =>
      field.var === undefined || values[name] === undefined
        ? []
        : [valueField(field.var, written(field, values[name]))],
    );
  return {
    formType,
    ask: (values = {}, face) => build("form", questions(entries, values), face),
    submit: (values) => build("submit", answers(values)),
    result: (values, face) => build("result", answers(values), face),
    table: (rows) => {
      const columns = entries.flatMap(([name, field]) => (field.var === undefined ? [] : [{ name, field }]));
      return DataForm.build({
        type: "result",
        instructions: [],
        // No other fields may stand beside a table, not even FORM_TYPE. [xep0004-3.4-03]
        fields: [],
        reported: { fields: columns.map(({ field }) => head(field, [])) },
        items: rows.map((row) => ({ fields: columns.map(({ name, field }) => cell(field, row, name)) })),
      });
    },
    read: (element) => {
      const submitted = DataForm.parse(element);
      if (submitted.type === "cancel") return undefined;
      if (submitted.type !== "submit") throw new ShapeError("bad-request", "a form of type submit expected");
      if ((formTypeOf(submitted) ?? formType) !== formType)
        throw new ShapeError("bad-request", `a form for ${formType} expected`);
      // The keys and their types are those of `fields`, which is what FormValues says.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return filledIn(entries, submitted.fields) as FormValues<F>;
    },
  };
}

/** The fields of a form to be filled in. */
function questions(
  entries: readonly (readonly [string, AnyFormField])[],
  values: Readonly<Record<string, unknown>>,
): readonly Field[] {
  return entries.map(([name, field]) => {
    const value = values[name];
    const shown = value === undefined && field.type !== "fixed" ? [] : written(field, value);
    return { ...head(field, shown), required: field.required, options: optionsOf(field) };
  });
}

function head(field: AnyFormField, values: readonly string[]): Field {
  return {
    ...(field.var === undefined ? {} : { var: field.var }),
    type: field.type,
    ...(field.label === undefined ? {} : { label: field.label }),
    ...(field.desc === undefined ? {} : { desc: field.desc }),
    required: false,
    values,
    options: [],
  };
}

function optionsOf(field: AnyFormField): Field["options"] {
  return field.options.map(([value, label]) => ({ value, label }));
}

/** A row has every column, if with nothing in it. [xep0004-3.4-06] */
function cell(field: AnyFormField, row: Readonly<Record<string, unknown>>, name: string): Field {
  const values = row[name] === undefined ? [] : written(field, row[name]);
  return valueField(field.var ?? "", values.length === 0 ? [""] : values);
}

function written(field: AnyFormField, value: unknown): readonly string[] {
  // The value's type went with the map of fields; callers were checked against it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return field.write(value as never);
}

function filledIn(
  entries: readonly (readonly [string, AnyFormField])[],
  submitted: readonly Field[],
): Readonly<Record<string, unknown>> {
  if (submitted.length > submittedFieldsMax) throw new ShapeError("not-acceptable", "the form has too many fields");
  const given = new Map<string, readonly string[]>();
  for (const { var: name, values } of submitted) {
    if (name === undefined) continue;
    if (given.has(name)) throw unacceptable(name, "is filled in twice"); // [xep0004-3.2-10]
    given.set(name, values);
  }
  const found: Record<string, unknown> = {};
  for (const [key, field] of entries) {
    if (field.var === undefined) continue;
    const values = given.get(field.var);
    const value: unknown = values === undefined ? undefined : field.read(values);
    if (field.required && isNothing(value)) throw unacceptable(field.var, "must be filled in"); // [xep0004-3.2-05]
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}
