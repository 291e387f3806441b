import type { Config, ListenerConfig } from "./config.ts";
import type { CrossProblem } from "./cross-problem.ts";
import type { TomlPath } from "./toml-lines.ts";

/** By custom where components connect; the default of a listener is the clients' port. */
const clientPort = 5222;

/** What is wrong with components beyond their single keys. */
export function componentProblems(config: Config): readonly CrossProblem[] {
  return [...domainProblems(config), ...rateProblems(config)];
}

function domainProblems({ components, hosts }: Config): readonly CrossProblem[] {
  const seen = new Set<string>();
  return components.flatMap(({ domain, host }, i) => {
    const problems: CrossProblem[] = [];
    const path: TomlPath = ["components", i, "domain"];
    if (seen.has(domain))
      problems.push({ path, text: `${domain} is there twice; every component has one [[components]]` });
    seen.add(domain);
    if (hosts.some((one) => one.domain === domain))
      problems.push({
        path,
        text: `${domain} is a host already; a component needs a domain of its own, such as irc.${domain}`,
      });
    if (host !== "" && !hosts.some((one) => one.domain === host))
      problems.push({ path: ["components", i, "host"], text: `${host} is none of the [[hosts]]` });
    return problems;
  });
}

/** A rate that can be reached. */
function rateProblems({ limits: { component } }: Config): readonly CrossProblem[] {
  const rates = [
    [component.bytesBurst, component.bytesPerSecond, "bytes"],
    [component.stanzasBurst, component.stanzasPerSecond, "stanzas"],
  ] as const;
  return rates.flatMap(([burst, perSecond, key]) =>
    perSecond === Infinity || burst >= perSecond
      ? []
      : [
          {
            path: ["limits", "component", `${key}_burst`],
            text: `${key}_burst must be at least ${key}_per_second (${perSecond}), or that rate is never reached`,
          },
        ],
  );
}

/** A listener for components speaks in the clear, so it must not be where strangers are, and has a port of its own. */
export function componentListenerProblems(
  listener: ListenerConfig,
  exposed: readonly string[],
  path: TomlPath,
): CrossProblem[] {
  const problems: CrossProblem[] = [];
  if (listener.port === clientPort)
    problems.push({
      path: [...path, "kind"],
      text: `a listener of kind "component" needs a port of its own; by custom port = 5347`,
    });
  if (exposed.length > 0 && !listener.insecureBeyondLoopback)
    problems.push({
      path: [...path, "addresses"],
      text: `components speak in the clear, and others could read along on ${exposed.join(", ")}; set addresses = ["127.0.0.1", "::1"], or say insecure_beyond_loopback = true where the network is your own`,
    });
  return problems;
}
