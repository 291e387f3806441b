import type { Config } from "../config/config.ts";
import type { ComponentLimits, ComponentSettings } from "./component-settings.ts";
import type { LinkLimits, Rate } from "../link/link-limits.ts";

/** The components that balcony.toml names; those without a secret get theirs from the store. */
export function componentSettings(config: Config): readonly ComponentSettings[] {
  return config.components.map(({ domain, secret = "", name, host, subdomains, conflict }) => ({
    domain,
    secret,
    name,
    host: host === "" ? undefined : host,
    subdomains,
    conflict,
    source: "file",
  }));
}

/** @param link what clients are held to, where components have no bound of their own */
export function componentLimitsOf({ limits: { component } }: Config, link: LinkLimits): ComponentLimits {
  return {
    link: {
      ...link,
      bytesRate: bucket(component.bytesPerSecond, component.bytesBurst),
      stanzasRate: bucket(component.stanzasPerSecond, component.stanzasBurst),
      unsentBytesMax: component.unsentBytesMax,
    },
    pingAfterMs: component.pingAfterSilentSeconds === undefined ? undefined : component.pingAfterSilentSeconds * 1_000,
    pingAnswerMsMax: component.pingAnswerSeconds * 1_000,
    queueStanzasMax: component.queueStanzasMax,
    queueBytesMax: component.queueBytesMax,
    awayMsMax: component.awaySecondsMax * 1_000,
  };
}

function bucket(perSecond: number, burst: number): Rate | undefined {
  return Number.isFinite(perSecond) ? { perSecond, burst } : undefined;
}
