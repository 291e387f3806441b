import type { Infer, ElementDefinition } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "./account.ts";
import type { Session } from "./session.ts";
import type { Stanza } from "./stanza.ts";

/** A request of type get or set that was addressed to us. */
export interface IqRequest<Payload> {
  readonly stanza: Stanza;
  readonly payload: Payload;
  readonly from: Jid;
  /** The session that sent it, when it is one of this account's own (addressed to the account) or of this host's users'. */
  readonly session: Session | undefined;
}

/** A request to an account: by its bare JID, or without `to` by its own sessions (RFC 6120 §10.3.3). */
export interface AccountRequest<Payload> extends IqRequest<Payload> {
  readonly account: Account;
}

/** What goes into the result. Throw a StanzaError to refuse. */
export type IqAnswer = XmlElement | undefined;

/** Who may ask an account. "owner": its own sessions; anyone else is refused as if it were not there. */
export type Audience = "owner" | "anyone";

/** What they are told whom an account does not answer. */
export type IqRefusal = "service-unavailable" | "forbidden";

export interface AccountIqHandler {
  readonly at: "account";
  readonly type: "get" | "set";
  readonly ns: string;
  readonly name: string;
  readonly audience: Audience;
  /** Told also where there is no account, so that nobody learns from it whether there is one. Default: service-unavailable. */
  readonly refusal?: IqRefusal;
  /** Throws a StanzaError for what is no such request. Asked also where there is no account, for the same reason. */
  readonly check?: (element: XmlElement) => void;
  /** Reads run beside the account's mailbox; writes keep it waiting until they have answered (RFC 6120 §10.1). */
  readonly effect: "reads" | "writes";
  readonly handle: (
    element: XmlElement,
    request: Omit<AccountRequest<unknown>, "payload">,
  ) => IqAnswer | Promise<IqAnswer>;
}

export interface HostIqHandler {
  readonly at: "host";
  readonly type: "get" | "set";
  readonly ns: string;
  readonly name: string;
  readonly handle: (element: XmlElement, request: Omit<IqRequest<unknown>, "payload">) => IqAnswer | Promise<IqAnswer>;
}

export type IqHandler = AccountIqHandler | HostIqHandler;

type Definition = ElementDefinition<unknown>;

/** A get that an account answers. */
export function reads<D extends Definition>(
  definition: D,
  handle: (request: AccountRequest<Infer<D>>) => IqAnswer | Promise<IqAnswer>,
  audience: Audience = "owner",
  refusal: IqRefusal = "service-unavailable",
): AccountIqHandler {
  return accountHandler("get", "reads", definition, handle, { audience, refusal });
}

/** A set that changes nothing, as protocols have them whose questions come with a form. */
export function readsBySet<D extends Definition>(
  definition: D,
  handle: (request: AccountRequest<Infer<D>>) => IqAnswer | Promise<IqAnswer>,
  audience: Audience = "owner",
  refusal: IqRefusal = "service-unavailable",
): AccountIqHandler {
  return accountHandler("set", "reads", definition, handle, { audience, refusal });
}

/** A set that an account carries out. It may be a promise only where a decision needs storage. */
export function writes<D extends Definition>(
  definition: D,
  handle: (request: AccountRequest<Infer<D>>) => IqAnswer | Promise<IqAnswer>,
  audience: Audience = "owner",
  refusal: IqRefusal = "service-unavailable",
): AccountIqHandler {
  return accountHandler("set", "writes", definition, handle, { audience, refusal });
}

function accountHandler<D extends Definition>(
  type: "get" | "set",
  effect: "reads" | "writes",
  definition: D,
  handle: (request: AccountRequest<Infer<D>>) => IqAnswer | Promise<IqAnswer>,
  strangers: { readonly audience: Audience; readonly refusal: IqRefusal },
): AccountIqHandler {
  return {
    at: "account",
    type,
    ns: definition.ns,
    name: definition.name,
    ...strangers,
    check: (element) => void definition.parse(element),
    effect,
    // `parse` of a definition gives what `Infer` says; the map of handlers forgets the link.
    handle: (element, request) => handle({ ...request, payload: definition.parse(element) as Infer<D> }),
  };
}

/** A request to the host's own address, such as `get` of disco#info. */
export function atHost<D extends Definition>(
  type: "get" | "set",
  definition: D,
  handle: (request: IqRequest<Infer<D>>) => IqAnswer | Promise<IqAnswer>,
): HostIqHandler {
  return {
    at: "host",
    type,
    ns: definition.ns,
    name: definition.name,
    handle: (element, request) => handle({ ...request, payload: definition.parse(element) as Infer<D> }),
  };
}
