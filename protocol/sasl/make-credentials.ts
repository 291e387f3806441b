import { digestMd5Ha1 } from "./digest-md5-keys.ts";
import { scramSaltBytes } from "./fake-credentials.ts";
import { prepareNewPassword } from "./prepare.ts";
import { hashesOf, type SaslServerPolicy } from "./server-policy.ts";
import { saltedPasswordRequest, scramKeysFromSalted } from "./scram-keys.ts";
import type { SaslDerive } from "./server-exchange.ts";
import type { ScramHash } from "./scram-hash.ts";
import type { ScramKeys, StoredCredentials } from "./stored-credentials.ts";
import { encodeUtf8 } from "./utf8.ts";

/** A new password on its way to becoming keys: answer every `derive` with `derived`, until it is `made`. */
export interface CredentialMaker {
  readonly start: () => CredentialStep;
  readonly derived: (key: Uint8Array) => CredentialStep;
}

export type CredentialStep =
  | SaslDerive
  | { readonly type: "made"; readonly credentials: StoredCredentials }
  /** The password is empty, too long, or has characters that SASLprep forbids. */
  | { readonly type: "refused" };

/** What is kept of a password; the password itself is not. */
export function makeCredentials(options: {
  /** The localpart of the account, in canonical form. */
  readonly username: string;
  readonly domain: string;
  readonly password: string;
  readonly policy: SaslServerPolicy;
  readonly random: (bytes: number) => Uint8Array;
}): CredentialMaker {
  const { username, domain, policy, random } = options;
  const prepared = prepareNewPassword(options.password);
  const waiting = [...hashesOf(policy)];
  const made: { [hash in ScramHash]?: ScramKeys } = {};
  let salt: Uint8Array = new Uint8Array();

  const next = (): CredentialStep => {
    if (prepared === undefined) return { type: "refused" };
    const [hash] = waiting;
    if (hash !== undefined) {
      salt = random(scramSaltBytes);
      return {
        type: "derive",
        ...saltedPasswordRequest(hash, encodeUtf8(prepared), { salt, iterations: policy.scramIterations }),
      };
    }
    if (!policy.digestMd5) return { type: "made", credentials: { scram: made } };
    const ha1 = digestMd5Ha1({ username, realm: domain, password: prepared });
    return { type: "made", credentials: { scram: made, digestMd5: { realm: domain, ha1 } } };
  };
  return {
    start: next,
    derived: (key) => {
      const hash = waiting.shift();
      if (hash !== undefined) made[hash] = scramKeysFromSalted(hash, key, { salt, iterations: policy.scramIterations });
      return next();
    },
  };
}
