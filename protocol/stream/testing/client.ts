import type { ChannelBinding } from "#protocol/sasl/channel-binding.ts";
import { chooseMechanism, defaultSaslClientPolicy, type SaslClientPolicy } from "#protocol/sasl/choose-mechanism.ts";
import { htClient } from "#protocol/sasl/ht-client.ts";
import { parseHtMechanism } from "#protocol/sasl/ht-mechanism.ts";
import { isMechanism } from "#protocol/sasl/mechanism.ts";
import { startClientMechanism } from "#protocol/sasl/start-client-mechanism.ts";
import type { InitiatingConfig, ClientSasl } from "../initiating/config.ts";
import type { SecureChannel } from "../secure-channel.ts";
import { bare, countingRandom, derive, domain } from "./server.ts";
import type { Answers } from "./wire.ts";

const exporter: ChannelBinding = { type: "tls-exporter", data: new Uint8Array(32).fill(9) };

/** TLS 1.3 between two ends of a memory pipe. */
export const tls: SecureChannel = { bindings: { announced: [exporter], tolerated: [] } };

/** Juliet's client. `only` narrows what it is ready to use. */
export function julietSasl(
  options: {
    readonly password?: string;
    readonly only?: string;
    readonly policy?: Partial<SaslClientPolicy>;
    /** Tried first. */
    readonly token?: { readonly mechanism: string; readonly token: string; readonly count?: number };
  } = {},
): ClientSasl {
  const policy: SaslClientPolicy = { ...defaultSaslClientPolicy, ...options.policy };
  const { only, password = "r0m30" } = options;
  return {
    choose: ({ bindingTypes, channel, mechanisms, profile, refused, tokenMechanisms }) => {
      const held = options.token;
      const ht = held === undefined ? undefined : parseHtMechanism(held.mechanism);
      if (held !== undefined && ht !== undefined && tokenMechanisms.includes(held.mechanism) && refused.length === 0) {
        const bindings = channel?.bindings.announced ?? [];
        const exchange = htClient(ht, { username: "juliet", token: held.token, bindings });
        return { mechanism: held.mechanism, exchange, token: { count: held.count, invalidate: false } };
      }
      const choice = chooseMechanism(
        {
          mechanisms: only === undefined ? mechanisms : mechanisms.filter((name) => name === only),
          ...(bindingTypes === undefined || (only !== undefined && !only.endsWith("-PLUS")) ? {} : { bindingTypes }),
        },
        policy,
        {
          encrypted: channel !== undefined,
          bindings: only !== undefined && !only.endsWith("-PLUS") ? [] : (channel?.bindings.announced ?? []),
          tried: refused.map(({ mechanism }) => mechanism).filter(isMechanism),
          ...(profile === "sasl2" ? { profile } : {}),
        },
      );
      if (!choice.ok) return undefined;
      const { announcementRequired, binding, mechanism } = choice;
      const announced = { mechanisms, ...(bindingTypes === undefined ? {} : { bindingTypes }) };
      const context = {
        announced,
        announcementRequired,
        username: "juliet",
        password,
        domain: "im.example",
        binding,
        random: countingRandom(),
      };
      return { mechanism, exchange: startClientMechanism(mechanism, context) };
    },
  };
}

export function julietsClient(changes: Partial<InitiatingConfig> = {}): InitiatingConfig {
  return {
    contentNamespace: "jabber:client",
    to: domain("im.example"),
    from: bare("juliet@im.example"),
    language: "en",
    startTls: "required",
    sasl: julietSasl(),
    ...changes,
  };
}

export const clientAnswers: Answers = (question) => (question.type === "derive" ? derive(question) : undefined);
