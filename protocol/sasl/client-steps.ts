import { assert } from "#protocol/assert.ts";
import type { SaslClientExchange, SaslClientFault, SaslClientOutput } from "./client-exchange.ts";
import { saslMessageBytesMax } from "./sasl-base64.ts";
import type { SaslDerive } from "./server-exchange.ts";

/** What a mechanism says now, and what it does with what comes next. */
export interface ClientStep {
  readonly output: SaslClientOutput;
  readonly next: ClientWait;
}

/** What an exchange makes of the server's next word. Absent means that it must not come now. */
export interface ClientWait {
  readonly challenge?: (data: Uint8Array) => ClientStep;
  readonly success?: (data: Uint8Array | undefined) => ClientStep;
  readonly key?: (key: Uint8Array) => ClientStep;
}

/** Runs a mechanism that is written as steps. */
export function clientExchange(begin: () => ClientStep): SaslClientExchange {
  let wait: ClientWait = {};
  const enter = (step: ClientStep): SaslClientOutput => {
    wait = step.next;
    return step.output;
  };
  return {
    start: () => enter(begin()),
    challenge: (data) => {
      if (data.length > saslMessageBytesMax) return enter(refuse("malformed-challenge", "too long"));
      return enter(wait.challenge?.(data) ?? refuse("malformed-challenge", "a challenge that was not due"));
    },
    success: (data) => {
      if (data !== undefined && data.length > saslMessageBytesMax) {
        return enter(refuse("malformed-challenge", "too long"));
      }
      // Success before the server's proof is what an impostor says. [rfc5802-5-02]
      return enter(wait.success?.(data) ?? refuse("server-not-authenticated", "success before the server's proof"));
    },
    derived: (key) => {
      assert(wait.key !== undefined, "a key answers a derive");
      return enter(wait.key(key));
    },
  };
}

export function answer(data: Uint8Array | undefined, next: ClientWait): ClientStep {
  return { output: { type: "response", data }, next };
}

export function deriveKey(request: Omit<SaslDerive, "type">, key: (key: Uint8Array) => ClientStep): ClientStep {
  return { output: { type: "derive", ...request }, next: { key } };
}

export function authenticated(): ClientStep {
  return { output: { type: "authenticated" }, next: {} };
}

export function refuse(reason: SaslClientFault, text: string): ClientStep {
  return { output: { type: "refused", reason, text }, next: {} };
}

/**
 * The server's last message may come as a challenge, which an empty response answers, or with success. Either way
 * success is believed only after `check` has nothing against it. [rfc4422-5-05]
 */
export function lastMessage(check: (data: Uint8Array) => ClientStep | undefined): ClientWait {
  return {
    challenge: (data) => check(data) ?? answer(new Uint8Array(), { success: successWithoutData }),
    success: (data) => {
      if (data === undefined) return refuse("server-not-authenticated", "success without the server's proof");
      return check(data) ?? authenticated();
    },
  };
}

/** For what must not carry data with success, or no longer. */
export function successWithoutData(data: Uint8Array | undefined): ClientStep {
  return data === undefined || data.length === 0
    ? authenticated()
    : refuse("malformed-challenge", "data with success that was not due");
}
