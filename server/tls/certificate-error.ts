/** Certificates that a server cannot start with. The message tells the administrator, host by host, what to do. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join("\n"), options);
    this.problems = problems;
  }
}
