import type { Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { Account } from "#kit/account.ts";
import { accountMap, json } from "#kit/slots.ts";
import { formTypeOf, valueField, type Field } from "../0004-data-forms/elements.ts";
import { NS_PUBLISH_OPTIONS, NS_PUSH_SUMMARY, submission, type Disable, type Enable } from "./elements.ts";

/** What a client wants told through its app server beside that something came. */
export type Wish = "sender" | "body";

/** One device's place at its app server. */
export interface Registration {
  readonly jid: Jid;
  readonly node: string;
  /** The resource that enabled it: whose client is told. */
  readonly resource: string;
  /** When it was enabled, in milliseconds since the epoch. */
  readonly at: number;
  /** What the app server wants with each publication: values by name. */
  readonly options: readonly (readonly [name: string, values: readonly string[]])[];
  readonly wishes: readonly Wish[];
  /** Publications in a row that failed for a passing reason. */
  readonly failures: number;
  /** Messages that had come for its client when the account came to rest last; absent for none. */
  readonly waiting?: number;
}

/** By address and node: enabling a pair again replaces what was there. [xep0357-5-04] [xep0357-5-05] */
export const pushRegistrations = accountMap<Registration>("push-registrations", 1, json());

const nodeLengthMax = 1_024;
const optionsBytesMax = 4_096;

/**
 * Enables an app server for a client.
 *
 * @param resource of the session that asks
 * @throws StanzaError when it is too large, or one too many
 */
export function enable(
  account: Account,
  request: Infer<typeof Enable>,
  own: { readonly resource: string; readonly at: number; readonly registrationsMax: number },
): Registration {
  const { jid, node, forms } = request;
  const options = forms.find((form) => formTypeOf(form) === NS_PUBLISH_OPTIONS)?.fields ?? [];
  if (node.length > nodeLengthMax || serializeBytes(submission(NS_PUBLISH_OPTIONS, options)).length > optionsBytesMax)
    throw new StanzaError("policy-violation", { type: "modify", text: "the node or its options are too large" });
  const registrations = account.map(pushRegistrations);
  const key = keyOf(jid, node);
  if (!registrations.has(key) && registrations.size >= own.registrationsMax)
    throw new StanzaError("resource-constraint", {
      type: "cancel",
      text: `an account has at most ${own.registrationsMax} devices to be notified: disable one first`,
    });
  const summary = forms.find((form) => formTypeOf(form) === NS_PUSH_SUMMARY)?.fields ?? [];
  const registration: Registration = {
    jid,
    node,
    resource: own.resource,
    at: own.at,
    options: options.flatMap(({ var: name, values }) =>
      name === undefined || name === "FORM_TYPE" ? [] : [[name, values] as const],
    ),
    wishes: [
      ...(isWished(summary, "last-message-sender") ? (["sender"] as const) : []),
      ...(isWished(summary, "last-message-body") ? (["body"] as const) : []),
    ],
    failures: 0,
  };
  registrations.set(key, registration);
  return registration;
}

/** Those that a request to disable is about. [xep0357-6-02] [xep0357-6-03] [xep0357-6-04] */
export function disable(account: Account, { jid, node }: Infer<typeof Disable>): readonly Registration[] {
  const registrations = account.map(pushRegistrations);
  const found = [...registrations.entries()].filter(
    ([, one]) => one.jid === jid && (node === undefined || one.node === node),
  );
  for (const [key] of found) registrations.delete(key);
  return found.map(([, one]) => one);
}

/** The registration as it is now, unless it was disabled or enabled anew since. */
export function currentOf(account: Account, { jid, node, at }: Registration): Registration | undefined {
  const found = account.map(pushRegistrations).get(keyOf(jid, node));
  return found?.at === at ? found : undefined;
}

/** Keeps another count of failures, or nothing at all. */
export function note(account: Account, registration: Registration, failures: number | "disabled"): void {
  const registrations = account.map(pushRegistrations);
  const key = keyOf(registration.jid, registration.node);
  if (failures === "disabled") registrations.delete(key);
  else registrations.set(key, { ...registration, failures });
}

/** Keeps how many messages have come for its client, unless it was disabled. */
export function noteWaiting(account: Account, registration: Registration, waiting: number): void {
  const current = currentOf(account, registration);
  if (current === undefined || (current.waiting ?? 0) === waiting) return;
  account.map(pushRegistrations).set(keyOf(current.jid, current.node), { ...current, waiting });
}

/** No address has a space in its domain, and what follows the first one is the node. */
export function keyOf(jid: Jid, node: string): string {
  return `${node.length} ${node} ${jid}`;
}

/** The options as the form that goes with a publication; undefined when there are none. [xep0357-5-03] */
export function publishOptions({ options }: Registration): ReturnType<typeof submission> | undefined {
  if (options.length === 0) return undefined;
  return submission(
    NS_PUBLISH_OPTIONS,
    options.map(([name, values]) => valueField(name, values)),
  );
}

function isWished(fields: readonly Field[], name: string): boolean {
  const value = fields.find((field) => field.var === name)?.values[0];
  return value === "1" || value === "true";
}
