import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { ReceivingConfig, StreamHost } from "#protocol/stream/receiving/config.ts";
import { randomToken, type Env } from "#kit/env.ts";
import type { CoreSettings, ListenerPolicy } from "./core-settings.ts";
import { acceptsEarlyIq } from "./host/early-iq.ts";
import type { LocalHost } from "./host/local-host.ts";
import { iqKey } from "./host/steps.ts";

/** What the clients' streams of one kind of listener are negotiated by. */
export function receivingConfig(parts: {
  readonly env: Env;
  readonly hosts: ReadonlyMap<DomainJid, LocalHost>;
  readonly settings: Pick<CoreSettings, "sasl" | "failedLoginsPerConnectionMax">;
  readonly secret: Uint8Array;
  readonly policy: ListenerPolicy;
}): ReceivingConfig {
  const { env, hosts, settings, secret, policy } = parts;
  const sasl: SaslServerPolicy = policy.plainWithoutTls
    ? { ...settings.sasl, plain: "always", scramWithoutTls: true }
    : settings.sasl;
  const served = new Map<DomainJid, StreamHost>();
  for (const [domain, host] of hosts) served.set(domain, streamHost(env, host, sasl, secret, policy));
  const [first] = hosts.keys();
  if (first === undefined) throw new Error("a server has at least one host");
  return {
    contentNamespace: NS_CLIENT,
    defaultDomain: first,
    acceptsMissingTo: hosts.size === 1,
    host: (domain) => {
      const host = served.get(domain);
      return host === undefined ? { type: "unknown" } : { type: "served", host };
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
