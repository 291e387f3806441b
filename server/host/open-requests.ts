import type { DomainJid, Jid } from "#protocol/jid/jid.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { HostRequest } from "#kit/host.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";

/** How long an answer is waited for. */
export const answerMsMax = 60_000;
/** Requests of one host that are open at the same time; further ones are not sent. */
export const openRequestsMax = 10_000;

interface OpenRequest {
  readonly to: Jid;
  readonly timer: Timer;
  readonly answered: (answer: Stanza | undefined) => void;
}

/** What a host has asked others and not been answered yet. */
export class OpenRequests {
  readonly #domain: DomainJid;
  readonly #env: Env;
  readonly #route: (stanza: Stanza) => void;
  readonly #open = new Map<string, OpenRequest>();

  constructor(parts: { readonly domain: DomainJid; readonly env: Env; readonly route: (stanza: Stanza) => void }) {
    this.#domain = parts.domain;
    this.#env = parts.env;
    this.#route = parts.route;
  }

  readonly ask = ({ to, type, payload }: HostRequest, answered: (answer: Stanza | undefined) => void): void => {
    if (this.#open.size >= openRequestsMax) {
      this.#env.defer(() => answered(undefined));
      return;
    }
    // Nobody else can know it: an answer cannot be forged by who is not asked.
    const id = randomToken(this.#env);
    const timer = this.#env.setTimer(answerMsMax, () => {
      this.#open.delete(id);
      answered(undefined);
    });
    this.#open.set(id, { to, timer, answered });
    this.#route(makeStanza("iq", { from: this.#domain, to, type, id }, payload));
  };

  /** A result or an error came to the host. What answers nothing is ignored. */
  answer(stanza: Stanza): void {
    const open = this.#open.get(stanza.id ?? "");
    if (open?.to !== stanza.from) return;
    this.#open.delete(stanza.id ?? "");
    open.timer.cancel();
    open.answered(stanza);
  }

  /** The host stops: nobody is told any more. */
  close(): void {
    for (const { timer } of this.#open.values()) timer.cancel();
    this.#open.clear();
  }
}
