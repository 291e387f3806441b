// What the lab uses of xmpp.js, which comes without types.
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";

  export interface Element {
    readonly name: string;
    readonly attrs: Readonly<Record<string, string | undefined>>;
    is(name: string, ns?: string): boolean;
    getChild(name: string, ns?: string): Element | undefined;
    getChildren(name: string, ns?: string): readonly Element[];
    getChildText(name: string, ns?: string): string | null;
    toString(): string;
  }

  /** A token of XEP-0484. */
  export interface FastToken {
    readonly mechanism: string;
    readonly token: string;
    readonly expiry: string;
  }

  export interface Fast {
    fetch(): Promise<FastToken | null | undefined>;
    saveToken: (token: FastToken) => Promise<void>;
  }

  export type Authenticate = (
    credentials: { username?: string; password?: string; token?: FastToken | null | undefined },
    mechanism: string,
    userAgent?: Element,
  ) => Promise<void>;

  export interface Client extends EventEmitter {
    readonly jid: { toString(): string } | null;
    /** Milliseconds that it waits for each step of a log-in. */
    timeout: number;
    readonly socket: (EventEmitter & { readonly socket?: { destroy(): void } }) | null;
    readonly reconnect: { delay: number; stop(): void };
    readonly streamManagement: EventEmitter & {
      readonly enabled: boolean;
      readonly id: string;
      readonly inbound: number;
      readonly outbound: number;
    };
    readonly fast: Fast;
    readonly iqCaller: { request(iq: Element, timeoutMs?: number): Promise<Element> };
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    send(element: Element): Promise<unknown>;
  }

  export function client(options: {
    readonly service: string;
    readonly domain: string;
    readonly resource?: string;
    /** `fast` is there when the server offers tokens. */
    readonly credentials: (
      authenticate: Authenticate,
      mechanisms: readonly string[],
      fast?: Fast | null,
    ) => Promise<void>;
  }): Client;

  export function xml(name: string, attributes?: object, ...children: readonly (Element | string)[]): Element;
}
