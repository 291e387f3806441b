import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/** A client's side of one authentication; all values are base64. */
export interface SaslExchange {
  readonly mechanism: string;
  readonly first: string;
  readonly respond: (challenge: string) => string;
}

export function plainExchange(user: string, password: string): SaslExchange {
  return { mechanism: "PLAIN", first: toBase64(`\0${user}\0${password}`), respond: unexpected };
}

export function anonymousExchange(): SaslExchange {
  return { mechanism: "ANONYMOUS", first: "", respond: unexpected };
}

/** RFC 5802, without channel binding. */
export function scramSha1Exchange(user: string, password: string): SaslExchange {
  const bare = `n=${user},r=${randomBytes(18).toString("base64")}`;
  return {
    mechanism: "SCRAM-SHA-1",
    first: toBase64(`n,,${bare}`),
    respond: (challenge) => {
      const serverFirst = Buffer.from(challenge, "base64").toString();
      const { r = "", s = "", i = "" } = attributes(serverFirst);
      const salted = saltedPassword(password, s, Number(i));
      const clientKey = hmac(salted, "Client Key");
      const storedKey = createHash("sha1").update(clientKey).digest();
      const withoutProof = `c=${toBase64("n,,")},r=${r}`;
      const signature = hmac(storedKey, `${bare},${serverFirst},${withoutProof}`);
      const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
      return toBase64(`${withoutProof},p=${proof.toString("base64")}`);
    },
  };
}

/** Salted passwords by password, salt and count: real clients keep theirs too. One entry an account. */
const saltedPasswords = new Map<string, Buffer>();

function saltedPassword(password: string, salt: string, iterations: number): Buffer {
  const key = `${password} ${salt} ${iterations}`;
  const known = saltedPasswords.get(key);
  if (known !== undefined) return known;
  const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, 20, "sha1");
  saltedPasswords.set(key, salted);
  return salted;
}

function attributes(message: string): Readonly<Record<string, string>> {
  return Object.fromEntries(message.split(",").map((part) => [part.slice(0, 1), part.slice(2)]));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha1", key).update(text).digest();
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function unexpected(): never {
  throw new Error("the server sent a challenge where there is none");
}
