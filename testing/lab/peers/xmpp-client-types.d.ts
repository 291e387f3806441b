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

  export interface Token {
    readonly mechanism: string;
    readonly token: string;
    readonly expiry: string;
  }

  export type Authenticate = (
    credentials: { username?: string; password?: string; token?: Token | undefined },
    mechanism: string,
    userAgent?: Element,
  ) => Promise<void>;

  export interface Client extends EventEmitter {
    readonly jid: { toString(): string } | null;
    readonly socket: { readonly socket?: { destroy(): void } } | null;
    readonly reconnect: { delay: number; stop(): void };
    readonly streamManagement: EventEmitter & {
      readonly enabled: boolean;
      readonly id: string;
      readonly inbound: number;
      readonly outbound: number;
    };
    readonly fast: { saveToken: (token: Token) => Promise<void> };
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
    readonly credentials: (authenticate: Authenticate, mechanisms: readonly string[]) => Promise<void>;
  }): Client;

  export function xml(name: string, attributes?: object, ...children: readonly (Element | string)[]): Element;
}
