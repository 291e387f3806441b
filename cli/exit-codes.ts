import { AdministrationError, type AdministrationErrorCode } from "#kit/administration-error.ts";
import { ConfigError } from "#server/config/config-error.ts";
import { AlreadyRunningError } from "#server/control/already-running-error.ts";
import { CertificateError } from "#server/tls/certificate-error.ts";

/** What `balcony` ends with; also in `balcony --help`. */
export const exitCodes = {
  done: 0,
  /** It could not be done: no such account, no such permission, a full disc. */
  failed: 1,
  /** It was asked for in a wrong way. */
  usage: 2,
  /** balcony.toml or a certificate is wrong. */
  config: 3,
  /** Only a running server could do it, and none runs. */
  notRunning: 4,
  /** A server runs in this data directory already. */
  alreadyRunning: 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byError: Readonly<Partial<Record<AdministrationErrorCode, ExitCode>>> = {
  invalid: exitCodes.usage,
  config: exitCodes.config,
  "not-running": exitCodes.notRunning,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof AdministrationError) return byError[error.code] ?? exitCodes.failed;
  if (error instanceof ConfigError || error instanceof CertificateError) return exitCodes.config;
  return error instanceof AlreadyRunningError ? exitCodes.alreadyRunning : exitCodes.failed;
}
