import type { Config, ListenerConfig } from "./config.ts";
import { federationProblems } from "./federation-checks.ts";
import { acmeProblems } from "./acme-checks.ts";
import { componentListenerProblems, componentProblems } from "./component-checks.ts";
import type { CrossProblem } from "./cross-problem.ts";
import type { TomlPath } from "./toml-lines.ts";

/** What no key can tell by itself. */
export function crossChecks(config: Config): readonly CrossProblem[] {
  return [
    ...hosts(config),
    ...acmeProblems(config),
    ...listeners(config),
    ...componentProblems(config),
    ...federationProblems(config),
    ...storage(config),
    ...limits(config),
  ];
}

function hosts(config: Config): readonly CrossProblem[] {
  const seen = new Set<string>();
  return config.hosts.flatMap(({ domain, certificate, key }, i) => {
    const problems: CrossProblem[] = [];
    if (seen.has(domain)) {
      problems.push({ path: ["hosts", i, "domain"], text: `${domain} is there twice; every host has one [[hosts]]` });
    }
    seen.add(domain);
    if (certificate !== undefined && key === undefined) {
      problems.push({
        path: ["hosts", i, "certificate"],
        text: `${domain} has a certificate but no key; add key = "…"`,
      });
    }
    if (certificate === undefined && key !== undefined) {
      problems.push({
        path: ["hosts", i, "key"],
        text: `${domain} has a key but no certificate; add certificate = "…"`,
      });
    }
    return problems;
  });
}

function listeners(config: Config): readonly CrossProblem[] {
  const seen = new Set<string>();
  return config.listeners.flatMap((listener, i) => {
    const problems = listenerProblems(listener, ["listeners", i]);
    for (const address of listener.addresses) {
      const place = `${address} port ${listener.port}`;
      if (listener.port !== 0 && seen.has(place)) {
        problems.push({
          path: ["listeners", i, "port"],
          text: `two listeners want ${place}; give one of them another`,
        });
      }
      seen.add(place);
    }
    return problems;
  });
}

function listenerProblems(listener: ListenerConfig, path: TomlPath): CrossProblem[] {
  const problems: CrossProblem[] = [];
  const exposed = listener.addresses.filter((address) => !isLoopback(address));
  if (listener.addresses.length === 0) {
    problems.push({ path: [...path, "addresses"], text: 'a listener needs an address; "*" is all of them' });
  }
  if (listener.kind === "component") problems.push(...componentListenerProblems(listener, exposed, path));
  else if (listener.kind.startsWith("server") && listener.tls !== "required") {
    problems.push({
      path: [...path, "tls"],
      text: `tls = "${listener.tls}" is for listeners of clients; what other servers have to do is said by security in [s2s]`,
    });
  } else if (listener.kind === "client-direct-tls" && listener.tls !== "required") {
    problems.push({
      path: [...path, "tls"],
      text: `tls = "${listener.tls}" cannot be on a client-direct-tls listener, which is TLS from its first byte; take the line away, or set kind = "client"`,
    });
  } else if (listener.tls !== "required" && exposed.length > 0 && !listener.insecureBeyondLoopback) {
    problems.push({
      path: [...path, "tls"],
      text: `tls = "${listener.tls}" would let others read along on ${exposed.join(", ")}; set addresses = ["127.0.0.1", "::1"], or tls = "required", or say insecure_beyond_loopback = true where a proxy does TLS`,
    });
  }
  return problems;
}

function storage(config: Config): readonly CrossProblem[] {
  const { kind, url, file } = config.storage;
  if (kind === "postgresql" && url === undefined) {
    return [{ path: ["storage", "kind"], text: 'PostgreSQL needs url = "postgresql://user@host/database"' }];
  }
  if (kind !== "postgresql" && url !== undefined) {
    return [{ path: ["storage", "url"], text: `url is for kind = "postgresql", but kind is "${kind}"` }];
  }
  if (kind !== "sqlite" && file !== undefined) {
    return [{ path: ["storage", "file"], text: `file is for kind = "sqlite", but kind is "${kind}"` }];
  }
  return [];
}

function limits(config: Config): readonly CrossProblem[] {
  const { account, rate, stream } = config.limits;
  const problems: CrossProblem[] = [];
  if (stream.stanzaBytesMaxBeforeLogin > stream.stanzaBytesMax) {
    problems.push({
      path: ["limits", "stream", "stanza_bytes_max_before_login"],
      text: "stanza_bytes_max_before_login must not be more than stanza_bytes_max",
    });
  }
  // What is sent at once must fit, or whoever it is for is cut each time it comes.
  for (const [bytes, key, what] of [
    [stream.stanzaBytesMax, "stanza_bytes_max", "a stanza goes out whole"],
    [account.unacknowledgedBytesMax, "unacknowledged_bytes_max", "who resumes a session is sent that much at once"],
  ] as const) {
    if (stream.unsentBytesMax >= bytes || bytes === Infinity) continue;
    problems.push({
      path: ["limits", "stream", "unsent_bytes_max"],
      text: `unsent_bytes_max must not be less than ${key} (${bytes}): ${what}`,
    });
  }
  for (const [burst, perSecond, key] of [
    [rate.sessionBytesBurst, rate.sessionBytesPerSecond, "session_bytes"],
    [rate.sessionStanzasBurst, rate.sessionStanzasPerSecond, "session_stanzas"],
    [rate.addressBytesBurst, rate.addressBytesPerSecond, "address_bytes"],
    [rate.addressStanzasBurst, rate.addressStanzasPerSecond, "address_stanzas"],
  ] as const) {
    if (perSecond === Infinity || burst >= perSecond) continue;
    problems.push({
      path: ["limits", "rate", `${key}_burst`],
      text: `${key}_burst must be at least ${key}_per_second (${perSecond}), or that rate is never reached`,
    });
  }
  return problems;
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);
}
