import { assert } from "#protocol/assert.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { ReceivingConfig, StreamHost } from "#protocol/stream/receiving/config.ts";
import { randomToken, type Env } from "#kit/env.ts";
import type { CoreSettings, ListenerPolicy } from "./core-settings.ts";
import { acceptsEarlyIq } from "./host/early-iq.ts";
import type { Hosting } from "./host/hosting.ts";
import type { LocalHost } from "./host/local-host.ts";
import { iqKey } from "./host/steps.ts";

/** What the clients' streams of one kind of listener are negotiated by. */
export function receivingConfig(parts: {
  readonly env: Env;
  /** Looked at anew for each stream: hosts come and go. */
  readonly hosting: Pick<Hosting, "served" | "isFormer">;
  readonly settings: Pick<CoreSettings, "sasl" | "failedLoginsPerConnectionMax">;
  readonly secret: Uint8Array;
  readonly policy: ListenerPolicy;
}): ReceivingConfig {
  const { env, hosting, settings, secret, policy } = parts;
  const hosts = hosting.served;
  const sasl: SaslServerPolicy = policy.plainWithoutTls
    ? { ...settings.sasl, plain: "always", scramWithoutTls: true }
    : settings.sasl;
  const served = new WeakMap<LocalHost, StreamHost>();
  const hostOf = (host: LocalHost): StreamHost => {
    let found = served.get(host);
    if (found === undefined) {
      found = streamHost(env, host, sasl, secret, policy);
      served.set(host, found);
    }
    return found;
  };
  return {
    contentNamespace: NS_CLIENT,
    get defaultDomain() {
      const [first] = hosts.keys();
      assert(first !== undefined, "a server has at least one host");
      return first;
    },
    get acceptsMissingTo() {
      return hosts.size === 1;
    },
    host: (domain) => {
      const host = hosts.get(domain);
      if (host !== undefined) return { type: "served", host: hostOf(host) };
      return { type: hosting.isFormer(domain) ? "gone" : "unknown" };
    },
    // [rfc6120-4.7.3-01] [rfc6120-4.7.3-02]
    newStreamId: () => randomToken(env),
    limits: { saslFailuresMax: settings.failedLoginsPerConnectionMax },
  };
}

/** What the modules make of log-in in one step. */
function sasl2Of({ modules, steps }: LocalHost): Pick<StreamHost, "sasl2"> {
  const sasl2 = modules.map(({ parts }) => parts.sasl2).find((found) => found !== undefined);
  if (sasl2 === undefined) return {};
  const names = steps.bindFeatures.flatMap(({ announce }) => announce ?? []);
  const bind2 = modules.some(({ parts }) => parts.bind2 === true);
  // [xep0386-3.1-03]
  return { sasl2: { ...sasl2, tokens: steps.loginTokens !== undefined, ...(bind2 ? { bind2: names } : {}) } };
}

function streamHost(
  env: Env,
  host: LocalHost,
  policy: SaslServerPolicy,
  secret: Uint8Array,
  listener: ListenerPolicy,
): StreamHost {
  return {
    domain: host.domain,
    languages: ["en"],
    startTls: listener.startTls,
    sasl: { policy, secret, random: env.entropy },
    features: (stage) => host.streamFeatures(stage === "unauthenticated" ? "authentication" : "binding"),
    ...sasl2Of(host),
    streamManagement: true,
    acceptsLegacyPeers: host.modules.some(({ parts }) => parts.legacyLogin === true),
    acceptsEarly: (iq) => acceptsEarlyIq(host, iq),
    acceptsNonza: (element) => host.steps.nonzas.has(iqKey("", element.ns, element.name)),
  };
}
