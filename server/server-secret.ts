import type { Env } from "#kit/env.ts";
import type { KeyedShape, Store } from "#kit/storage.ts";

/** Where the secret lies: under an owner that is no address. */
export const secretShape: KeyedShape = { shape: "keyed", name: "server-secret", version: 1 };
const owner = ".";
const secretBytes = 32;

/**
 * A secret that lives as long as the accounts do, made at the first start: from it come the salts of users who do not
 * exist, so that they cannot be told from those who do (A27).
 */
export async function serverSecret(store: Store, env: Env): Promise<Uint8Array> {
  const kept = await store.get(secretShape.name, owner, "");
  if (kept !== undefined) return new Uint8Array(Buffer.from(kept, "base64"));
  const secret = env.entropy(secretBytes);
  const value = Buffer.from(secret).toString("base64");
  await store.commit([{ op: "set", store: secretShape.name, owner, key: "", value }]);
  return secret;
}
