import { assert } from "#protocol/assert.ts";
import { bareOf, domainOf, isDomain, type BareJid, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Account } from "#kit/account.ts";
import type { Env } from "#kit/env.ts";
import type { EventType } from "#kit/events.ts";
import type {
  AccountAdministration,
  Host,
  HostArchive,
  HostValues,
  LiveTable,
  RunningModule,
  StreamFeaturePhase,
} from "#kit/host.ts";
import type { Log } from "#kit/log.ts";
import type { Option, OptionValue } from "#kit/option.ts";
import type { DiscoItem, ServerModule } from "#kit/server-module.ts";
import type { AccountArchive, AccountValue } from "#kit/slots.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Store, TableShape } from "#kit/storage.ts";
import type { CarriedRows } from "../account/carried-rows.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { HostSettings } from "../core-settings.ts";
import { answerHostIq } from "./iq-dispatch.ts";
import { software } from "../software.ts";
import { OpenRequests } from "./open-requests.ts";
import { refuse } from "./refusal.ts";
import type { SteppedHost } from "./stepped-host.ts";
import { collectSteps, type Steps } from "./steps.ts";

export interface LocalHostParts {
  readonly settings: HostSettings;
  readonly env: Env;
  readonly log: Log;
  readonly store: Store;
  readonly accounts: AccountAdministration;
  readonly registry: AccountRegistry;
  /** The host of a domain, where this server speaks for it. */
  readonly hostOf: (domain: DomainJid) => LocalHost | undefined;
  /** Hands over what is not for this host. */
  readonly routeElsewhere: (stanza: Stanza) => void;
  readonly counted: ((what: string, by: number) => void) | undefined;
  /** What the host lists that lives at addresses of its own. */
  readonly services: (domain: DomainJid) => readonly DiscoItem[];
}

/** A virtual host with its running modules. */
export class LocalHost implements SteppedHost {
  readonly domain: DomainJid;
  readonly env: Env;
  readonly log: Log;
  readonly software = software;
  readonly accounts: AccountAdministration;
  readonly modules: RunningModule[] = [];
  /** As the administrator wants it. Where that changes, its modules run on and see it when they ask the next time. */
  settings: HostSettings;
  readonly #parts: LocalHostParts;
  readonly #ended = new AbortController();
  readonly #optionOwners = new Map<Option, ServerModule>();
  readonly #openRequests: OpenRequests;
  #steps: Steps | undefined;

  constructor(parts: LocalHostParts) {
    this.#parts = parts;
    this.settings = parts.settings;
    this.domain = parts.settings.domain;
    this.env = parts.env;
    this.log = parts.log;
    this.accounts = parts.accounts;
    this.#openRequests = new OpenRequests({
      domain: this.domain,
      env: parts.env,
      route: (stanza) => this.route(stanza),
    });
  }

  get contacts(): Readonly<Record<string, readonly string[]>> {
    return this.settings.contacts;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get steps(): Steps {
    if (this.#steps === undefined) throw new Error(`${this.domain} handles a stanza before its modules have started`);
    return this.#steps;
  }

  /**
   * Starts the modules.
   *
   * @throws ModuleConflict when two of them claim the same thing
   */
  start(modules: readonly ServerModule[]): void {
    for (const module of modules) for (const option of module.options ?? []) this.#optionOwners.set(option, module);
    for (const module of modules) this.modules.push({ module, parts: module.start(this) });
    this.#steps = collectSteps(this.modules);
  }

  /** Ends its modules; once. */
  stop(): void {
    this.#ended.abort();
    this.#openRequests.close();
    for (const { parts } of this.modules) parts.dispose?.();
  }

  readonly route = (stanza: Stanza): void => {
    const { to } = stanza;
    if (to === undefined) return;
    if (this.signal.aborted && this.#parts.hostOf(this.domain) !== this) {
      // What was on its way when the host was removed: the domain is anybody's now.
      this.#parts.routeElsewhere(stanza);
      return;
    }
    const bare = bareOf(to);
    if (bare === this.domain) this.#takeAtHost(stanza);
    // [rfc6121-8.5-01]
    else if (
      bare.length > this.domain.length &&
      bare.endsWith(this.domain) &&
      bare[bare.length - this.domain.length - 1] === "@"
    )
      this.deliver(bare, stanza);
    else this.#parts.routeElsewhere(stanza);
  };

  /** Takes a stanza for one of this host's accounts. */
  deliver(bare: BareJid, stanza: Stanza, rows?: CarriedRows): void {
    this.#parts.registry.get(this, bare).deliver(stanza, rows);
  }

  readonly isOwnerHere = (to: Jid): boolean => !isDomain(bareOf(to)) && this.#parts.hostOf(domainOf(to)) !== undefined;

  readonly handOver = (stanza: Stanza, rows: CarriedRows): void => {
    const to = stanza.to ?? this.domain;
    const host = this.#parts.hostOf(domainOf(to));
    assert(host !== undefined, "rows are handed over to owners who are here");
    host.deliver(bareOf(to), stanza, rows);
  };

  readonly ask: Host["ask"] = (request, answered) => this.#openRequests.ask(request, answered);

  readonly post = (jid: BareJid, task: (account: Account | undefined) => void | Promise<void>): void => {
    // A removed host has no accounts any more: nothing may wake one that belongs to nobody, or to its successor.
    if (this.signal.aborted) this.env.defer(() => void task(undefined));
    else this.#parts.registry.get(this, jid).postLocal(task);
  };

  readonly setting = <O extends Option>(option: O): OptionValue<O> => {
    const module = this.#optionOwners.get(option);
    const configured = module === undefined ? undefined : this.settings.configured(module, option);
    // The configuration was checked against the option's own kind and bounds.
    return (configured ?? option.default) as OptionValue<O>;
  };

  readonly emit = <Payload>(event: EventType<Payload>, payload: Payload): void => {
    for (const listener of this.steps.listeners.get(event) ?? []) {
      try {
        listener.hear(payload);
      } catch (error) {
        this.log.error({ host: this.domain, event: event.label, error }, "a listener broke down; this is a bug");
      }
    }
  };

  readonly streamFeatures = (phase: StreamFeaturePhase): readonly XmlElement[] =>
    this.modules.flatMap(({ parts }) => parts.streamFeatures?.(phase) ?? []);

  readonly table = (shape: TableShape): LiveTable => ({
    select: (query) => this.#parts.store.select(shape.name, query),
    write: (writes) => this.#parts.store.commit(writes.map((write) => ({ ...write, store: shape.name }))),
  });

  readonly archive = ({ name }: AccountArchive): HostArchive => ({
    owners: (options) => this.#ownersIn(name, options),
    page: (owner, query) => this.#parts.store.page(name, owner, query),
    remove: (owner, ids) =>
      this.#parts.store.commit(ids.length === 0 ? [] : [{ op: "remove", store: name, owner, ids }]),
  });

  readonly values = <T>({ name, codec }: AccountValue<T>): HostValues<T> => ({
    owners: (options) => this.#ownersIn(name, options),
    get: async (owner) => {
      const text = await this.#parts.store.get(name, owner, "");
      return text === undefined ? undefined : codec.decode(text);
    },
  });

  readonly services = (): readonly DiscoItem[] => this.#parts.services(this.domain);

  readonly counted = (what: string, by: number): void => this.#parts.counted?.(what, by);

  #ownersIn(store: string, options: { readonly after?: string; readonly limit: number }): Promise<readonly string[]> {
    return this.#parts.store.owners(store, { ...options, domain: this.domain });
  }

  #takeAtHost(stanza: Stanza): void {
    // [rfc3920-10.4-01] [rfc6120-10.5.2-01]
    if (stanza.to !== undefined && !isDomain(stanza.to)) {
      refuse(this, stanza, new StanzaError("service-unavailable"));
      return;
    }
    // Presence to a server means nothing to it; messages are not for machines. [rfc6120-10.5.1-01]
    if (stanza.kind === "iq" && (stanza.type === "result" || stanza.type === "error"))
      this.#openRequests.answer(stanza);
    else if (stanza.kind === "iq") answerHostIq(this, stanza, this.#parts.registry.sessionOf(stanza.from));
    // [rfc3920-10.4-01] [rfc6120-8.4-09]
    else if (stanza.kind === "message") refuse(this, stanza, new StanzaError("service-unavailable"));
  }
}
