import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Element } from "@xmpp/client";
import { component, xml, type Component } from "@xmpp/component";
import { Inbox, inTime } from "../inbox.ts";
import { labDir } from "../lab.ts";
import { componentAddress } from "../network.ts";
import { tail } from "../process.ts";
import type { ComponentAccount } from "../target.ts";

export { xml };

/** A component made of xmpp.js, in this process. It comes back by itself when its connection breaks. */
export class XmppJsComponent implements AsyncDisposable {
  readonly component: Component;
  readonly #inbox = new Inbox<Element>();
  readonly #logFile: string;

  constructor({ domain, secret }: ComponentAccount) {
    this.#logFile = join(labDir, `xmpp-js-${domain}.log`);
    this.component = component({ service: `xmpp://${componentAddress}:5347`, domain, password: secret });
    this.component.reconnect.delay = 100;
    this.component.on("stanza", (stanza: Element) => this.#inbox.add(stanza));
    for (const [event, mark] of [
      ["element", "<"],
      ["send", ">"],
      ["error", "!"],
      ["status", "="],
    ] as const)
      this.component.on(event, (what: unknown) => appendFileSync(this.#logFile, `${mark} ${String(what)}\n`));
  }

  static async online(account: ComponentAccount): Promise<XmppJsComponent> {
    const peer = new XmppJsComponent(account);
    try {
      await inTime(peer.component.start(), () => peer.#complaint("it is not let in"));
      return peer;
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The next stanza that is accepted. */
  async stanza(accept: (stanza: Element) => boolean): Promise<Element> {
    return await inTime(this.#inbox.take(accept), () => this.#complaint("no such stanza"));
  }

  /** Waits for it to be let in once more. */
  async online(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.component.once("online", () => resolve());
    await inTime(promise, () => this.#complaint("it does not come back"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.component.reconnect.stop();
    await this.component.disconnect().catch(() => {});
  }

  #complaint(what: string): string {
    return `${what}\nlog ${this.#logFile}:\n${tail(this.#logFile)}`;
  }
}
