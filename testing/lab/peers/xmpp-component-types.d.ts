// What the lab uses of xmpp.js's components, which come without types.
declare module "@xmpp/component" {
  import type { EventEmitter } from "node:events";
  import type { Element } from "@xmpp/client";

  export interface Component extends EventEmitter {
    readonly reconnect: { delay: number; stop(): void };
    readonly iqCaller: { request(iq: Element, timeoutMs?: number): Promise<Element> };
    readonly iqCallee: {
      get(ns: string, name: string, handle: (context: { readonly stanza: Element }) => Element | boolean): void;
    };
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    send(element: Element): Promise<unknown>;
  }

  export function component(options: {
    readonly service: string;
    readonly domain: string;
    readonly password: string;
  }): Component;

  export { xml } from "@xmpp/client";
}
