import { z } from "zod";
import { acmeSection } from "./sections/acme.ts";
import { componentsSection } from "./sections/components.ts";
import { features, type ConfigurableFeature } from "./sections/features.ts";
import { federationSection } from "./sections/federation.ts";
import { hostsSection } from "./sections/hosts.ts";
import { limitsSection } from "./sections/limits.ts";
import { listenersSection } from "./sections/listeners.ts";
import { httpSection, logSection, sessionsSection, shutdownSection, storageSection } from "./sections/operation.ts";
import { authSection, tlsSection } from "./sections/security.ts";

const fixedSections = {
  listeners: listenersSection,
  components: componentsSection,
  s2s: federationSection,
  tls: tlsSection,
  acme: acmeSection,
  auth: authSection,
  storage: storageSection,
  sessions: sessionsSection,
  limits: limitsSection,
  log: logSection,
  http: httpSection,
  shutdown: shutdownSection,
};

/** All of balcony.toml but hosts, and what the features add. The type of {@link Config} comes from it. */
export type FixedSections = z.output<z.ZodObject<typeof fixedSections>>;
export type HostTable = z.output<ReturnType<typeof hostsSection>>[number];

/** The one source of truth about balcony.toml: checks, defaults, reference and reload all read it. */
export function configSchema(configurable: readonly ConfigurableFeature[]) {
  return z.strictObject({
    hosts: hostsSection(configurable),
    ...fixedSections,
    features: features(configurable),
  });
}
