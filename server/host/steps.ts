import type { BindFeature } from "#kit/bind-feature.ts";
import type { AccountIqHandler, HostIqHandler } from "#kit/iq.ts";
import type { EventListener, EventType } from "#kit/events.ts";
import type { RunningModule } from "#kit/host.ts";
import type { LoginTokens } from "#kit/login-tokens.ts";
import type {
  EarlyIqHandler,
  MessageDelivery,
  ModuleParts,
  NonzaHandler,
  PresenceHandling,
} from "#kit/server-module.ts";

type Step<Name extends "guard" | "rewrite" | "record" | "copy", Direction extends string> = readonly NonNullable<
  NonNullable<ModuleParts[Name]>[Direction & keyof NonNullable<ModuleParts[Name]>]
>[];

/** What the modules of one host contribute, sorted by the step it belongs to, so that an empty step costs nothing. */
export interface Steps {
  readonly guardOutbound: Step<"guard", "outbound">;
  readonly guardInbound: Step<"guard", "inbound">;
  readonly guardSession: Step<"guard", "session">;
  readonly rewriteOutbound: Step<"rewrite", "outbound">;
  readonly rewriteInbound: Step<"rewrite", "inbound">;
  readonly recordOutbound: Step<"record", "outbound">;
  readonly recordInbound: Step<"record", "inbound">;
  readonly copyOutbound: Step<"copy", "outbound">;
  readonly copyInbound: Step<"copy", "inbound">;
  readonly woken: readonly NonNullable<ModuleParts["woken"]>[];
  readonly messages: MessageDelivery;
  readonly presence: PresenceHandling;
  readonly accountIq: ReadonlyMap<string, AccountIqHandler>;
  readonly hostIq: ReadonlyMap<string, HostIqHandler>;
  readonly earlyIq: ReadonlyMap<string, EarlyIqHandler>;
  readonly nonzas: ReadonlyMap<string, NonzaHandler>;
  readonly bindFeatures: readonly BindFeature[];
  readonly loginTokens: LoginTokens | undefined;
  readonly listeners: ReadonlyMap<EventType<unknown>, readonly EventListener[]>;
}

/** The name under which an IQ handler is found. */
export function iqKey(type: string, ns: string, name: string): string {
  return `${type} ${name} ${ns}`;
}

/** Two modules claim the same thing, or nobody claims what every host needs: the start stops with this. */
export class ModuleConflict extends Error {
  override readonly name = "ModuleConflict";
}

/** Sorts the parts of all modules. Which comes first within a step does not matter; conflicts stop the start. */
export function collectSteps(modules: readonly RunningModule[]): Steps {
  const parts = modules.map((running) => running.parts);
  const listeners = new Map<EventType<unknown>, EventListener[]>();
  for (const { parts: part } of modules) {
    for (const listener of part.events ?? [])
      listeners.set(listener.event, exact([...(listeners.get(listener.event) ?? []), listener]));
  }
  return {
    guardOutbound: present(parts.map((part) => part.guard?.outbound)),
    guardInbound: present(parts.map((part) => part.guard?.inbound)),
    guardSession: present(parts.map((part) => part.guard?.session)),
    rewriteOutbound: present(parts.map((part) => part.rewrite?.outbound)),
    rewriteInbound: present(parts.map((part) => part.rewrite?.inbound)),
    recordOutbound: present(parts.map((part) => part.record?.outbound)),
    recordInbound: present(parts.map((part) => part.record?.inbound)),
    copyOutbound: present(parts.map((part) => part.copy?.outbound)),
    copyInbound: present(parts.map((part) => part.copy?.inbound)),
    woken: present(parts.map((part) => part.woken)),
    messages: exactlyOne(
      "delivers messages",
      parts.map((part) => part.messages),
    ),
    presence: exactlyOne(
      "handles presence",
      parts.map((part) => part.presence),
    ),
    accountIq: exclusive("answers an account's", modules, ({ iq = [] }) =>
      iq.filter((handler) => handler.at === "account"),
    ),
    hostIq: exclusive("answers a host's", modules, ({ iq = [] }) => iq.filter((handler) => handler.at === "host")),
    earlyIq: exclusive("answers an early", modules, ({ early = [] }) => early),
    nonzas: exclusive("understands", modules, ({ nonzas = [] }) =>
      nonzas.map((nonza) => ({ ...nonza, type: "" as const })),
    ),
    bindFeatures: exact(parts.flatMap((part) => part.bindFeatures ?? [])),
    loginTokens: atMostOne(
      "keeps tokens",
      parts.map((part) => part.loginTokens),
    ),
    listeners,
  };
}

function present<T>(list: readonly (T | undefined)[]): readonly T[] {
  return exact(list.filter((item) => item !== undefined));
}

/** Without the room that V8 keeps in a list that grew for sixteen items more: it stays as it is, and hosts are many. */
function exact<T>(list: readonly T[]): T[] {
  return list.slice();
}

function exactlyOne<T>(what: string, list: readonly (T | undefined)[]): T {
  const only = atMostOne(what, list);
  if (only === undefined) throw new ModuleConflict(`no module ${what}`);
  return only;
}

function atMostOne<T>(what: string, list: readonly (T | undefined)[]): T | undefined {
  const [only, ...more] = present(list);
  if (more.length > 0) throw new ModuleConflict(`more than one module ${what}`);
  return only;
}

/** A handler for each name; a second one for the same stops the start. */
function exclusive<Handler extends { readonly type: string; readonly ns: string; readonly name: string }>(
  what: string,
  modules: readonly RunningModule[],
  handlers: (parts: ModuleParts) => readonly Handler[],
): ReadonlyMap<string, Handler> {
  const found = new Map<string, Handler>();
  for (const { module, parts } of modules)
    for (const handler of handlers(parts)) {
      const key = iqKey(handler.type, handler.ns, handler.name);
      if (found.has(key)) throw new ModuleConflict(`${module.name} is the second that ${what} ${key}`);
      found.set(key, handler);
    }
  return found;
}
