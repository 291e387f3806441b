import type { Config } from "../config/config.ts";
import type { ComponentSecrets } from "./component-secrets.ts";
import type { ComponentLimits, ComponentSettings } from "./component-settings.ts";
import type { LinkLimits, Rate } from "../link/link-limits.ts";

/**
 * The components that balcony.toml names. Whose secret it does not tell has it in the data directory, where one is made
 * up at first use.
 *
 * @throws ConfigError for a secret that nobody could prove to know
 */
export function componentSettings(
  { components }: Config,
  secrets: Pick<ComponentSecrets, "readOrMake">,
): Promise<readonly ComponentSettings[]> {
  return Promise.all(
    components.map(async ({ domain, secret, name, host, subdomains, conflict }) => ({
      domain,
      secret: secret ?? (await secrets.readOrMake(domain)),
      name,
      host: host === "" ? undefined : host,
      subdomains,
      conflict,
    })),
  );
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
