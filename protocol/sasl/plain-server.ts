import { fakeScramKeys } from "./fake-credentials.ts";
import { equalBytes } from "./bytes.ts";
import { makeCredentials, type CredentialStep } from "./make-credentials.ts";
import { accountName, preparePassword, prepareUsername, saslFieldBytesMax } from "./prepare.ts";
import { scramHashes, type ScramHash } from "./scram-hash.ts";
import { saltedPasswordRequest, scramKeysFromSalted } from "./scram-keys.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange, SaslSuccess } from "./server-exchange.ts";
import { hashesOf, type SaslServerPolicy } from "./server-policy.ts";
import { admit, clientFirst, derive, fail, lookup, serverExchange, type ServerStep } from "./server-steps.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** PLAIN, checked against the stored keys of SCRAM. RFC 4616 */
export function plainServer(context: SaslServerContext): SaslServerExchange {
  return serverExchange(
    clientFirst((data) => {
      const message = readPlain(data);
      if (message === undefined) return fail("malformed-request");
      const username = prepareUsername(message.authcid);
      const password = preparePassword(message.password);
      if (username === undefined || password === undefined) return fail("not-authorized");
      return lookup(username, (found) =>
        checkPassword(context, { found, username, password, authzid: message.authzid }),
      );
    }),
  );
}

export interface PlainMessage {
  readonly authzid: string | undefined;
  readonly authcid: string;
  readonly password: string;
}

/** `undefined` for what is not three UTF-8 fields with a NUL between each two. [rfc4616-2-01] [rfc4616-2-03] */
export function readPlain(data: Uint8Array): PlainMessage | undefined {
  const fields = decodeUtf8(data)?.split("\0");
  const [authzid, authcid, password] = fields ?? [];
  if (authzid === undefined || authcid === undefined || password === undefined || fields?.length !== 3) {
    return undefined;
  }
  if (authcid === "" || password === "") return undefined;
  if ([authzid, authcid, password].some((field) => encodeUtf8(field).length > saslFieldBytesMax)) return undefined;
  return { authzid: authzid === "" ? undefined : authzid, authcid, password };
}

interface Attempt {
  readonly found: StoredCredentials | undefined;
  readonly username: string;
  readonly password: string;
  readonly authzid: string | undefined;
}

function checkPassword(context: SaslServerContext, attempt: Attempt): ServerStep {
  const { found, username } = attempt;
  // Accounts from before a change of policy may lack the hash that we prefer.
  const usable = [...context.policy.scramHashes, ...scramHashes].find((hash) => found?.scram[hash] !== undefined);
  const hash = usable ?? context.policy.scramHashes[0];
  const fake = fakeScramKeys(context, hash, username);
  const keys = found?.scram[hash] ?? fake;
  return derive(saltedPasswordRequest(hash, encodeUtf8(attempt.password), keys), (salted) => {
    const { storedKey } = scramKeysFromSalted(hash, salted, keys);
    const proven = equalBytes(storedKey, keys.storedKey);
    if (!proven || keys === fake) return fail("not-authorized");
    const admitted = admit(context, { authcid: username, authzid: attempt.authzid, credentials: found });
    if (found === undefined || admitted.output.type !== "success" || isUpToDate(found, context.policy)) return admitted;
    return renew(context, { admitted: admitted.output, found, username, password: attempt.password });
  });
}

/** Whether its keys are those that the policy would make today. */
function isUpToDate({ scram, digestMd5 }: StoredCredentials, policy: SaslServerPolicy): boolean {
  const isFresh = (hash: ScramHash): boolean => scram[hash]?.iterations === policy.scramIterations;
  return hashesOf(policy).every(isFresh) && policy.digestMd5 === (digestMd5 !== undefined);
}

interface Renewal {
  readonly admitted: SaslSuccess;
  readonly found: StoredCredentials;
  readonly username: string;
  readonly password: string;
}

/**
 * Only here is there a password to make new keys of. Until then an account whose iteration count is not the policy's
 * can be told from others (A27), and cannot log in by a hash that was added later.
 */
function renew(context: SaslServerContext, { admitted, found, username, password }: Renewal): ServerStep {
  const { domain, policy, random } = context;
  const maker = makeCredentials({ username: accountName(username), domain, password, policy, random });
  const proceed = (made: CredentialStep): ServerStep => {
    if (made.type === "derive") return derive(made, (key) => proceed(maker.derived(key)));
    // A password of old that new ones may not be like any more is still theirs.
    if (made.type === "refused") return { output: admitted, next: { for: "nothing" } };
    const to = { ...made.credentials, ...(found.status && { status: found.status }) };
    return { output: { ...admitted, renewal: { from: found, to } }, next: { for: "nothing" } };
  };
  return proceed(maker.start());
}
