import { rm } from "node:fs/promises";
import { join } from "node:path";
import { randomToken, type Env } from "#kit/env.ts";
import { ConfigError } from "../config/config-error.ts";
import { secretPattern } from "../config/sections/components.ts";
import { fileNameOf, readIfThere, writeSecret } from "../private-files.ts";

/** Of a secret that is made up here: as much as its proof could carry. */
const secretBytes = 20;

/**
 * Secrets of components that balcony.toml does not tell: each a file in the data directory, where self-signed certificates
 * and those of ACME have their keys (ADR 0016).
 */
export class ComponentSecrets {
  readonly #directory: string;
  readonly #env: Pick<Env, "entropy">;

  constructor(dataDir: string, env: Pick<Env, "entropy">) {
    this.#directory = join(dataDir, "components");
    this.#env = env;
  }

  fileOf(domain: string): string {
    return join(this.#directory, `${fileNameOf(domain)}.secret`);
  }

  /**
   * Undefined where there is none.
   *
   * @throws ConfigError for what no component could prove to know
   */
  async read(domain: string): Promise<string | undefined> {
    const file = this.fileOf(domain);
    const text = (await readIfThere(file))?.replace(/\r?\n$/u, "");
    if (text === undefined || secretPattern.test(text)) return text;
    const says = `the secret of ${domain} must be one line of 8 to 256 characters; or: balcony component secret ${domain} --renew`;
    throw new ConfigError(file, [{ line: undefined, text: says }]);
  }

  /** The one that there is, or one that is made up now. @throws ConfigError as above */
  async readOrMake(domain: string): Promise<string> {
    return (await this.read(domain)) ?? this.make(domain);
  }

  /** Makes up another one. */
  async make(domain: string): Promise<string> {
    const secret = randomToken(this.#env, secretBytes);
    await this.keep(domain, secret);
    return secret;
  }

  keep(domain: string, secret: string): Promise<void> {
    return writeSecret(this.fileOf(domain), `${secret}\n`, this.#directory);
  }

  forget(domain: string): Promise<void> {
    return rm(this.fileOf(domain), { force: true });
  }
}
