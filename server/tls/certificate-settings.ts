import type { Config } from "../config/config.ts";
import type { CertificateSettings } from "./certificate-store.ts";

/** What balcony.toml says about certificates. */
export function certificateSettings({ hosts, tls }: Config): CertificateSettings {
  return {
    sources: hosts.map(({ domain, certificate, key, acme }) => ({ domain, certificate, key, acme })),
    minVersion: tls.minVersion,
    ciphers: tls.ciphers,
    clientAuthorities: tls.clientAuthorities,
    acceptUnsuitable: tls.acceptUnsuitableCertificates,
  };
}
