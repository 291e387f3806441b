import { z } from "zod";
import { bareOf, domainOf, isDomain, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { domainName } from "#kit/administration-values.ts";
import type { MapShape, Store, Write } from "#kit/storage.ts";

/** What is known of components beyond balcony.toml: under an owner that is no address, by their domains. */
export const componentsShape: MapShape = { shape: "map", name: "components", version: 1 };
const owner = ".";

const storedSchema = z.strictObject({
  /** As it is: XEP-0114 proves it by a hash of it and of something new. */
  secret: z.string(),
  /** Somebody added the component while the server ran; absent where balcony.toml names it, and only the secret is kept here. */
  added: z
    .strictObject({
      name: z.string().optional(),
      host: domainName.optional(),
      subdomains: z.boolean(),
      conflict: z.enum(["refuse-new", "replace-old"]),
    })
    .optional(),
});

export type StoredComponent = z.output<typeof storedSchema>;

/** @throws StoreError; an Error where what is there is not ours */
export async function readStoredComponents(store: Store): Promise<Map<DomainJid, StoredComponent>> {
  const rows = (await store.load(owner)).get(componentsShape.name) ?? new Map<string, string>();
  const found = new Map<DomainJid, StoredComponent>();
  for (const [key, value] of rows) {
    const jid = parseJid(key);
    if (jid !== undefined && isDomain(jid)) found.set(domainOf(bareOf(jid)), storedSchema.parse(JSON.parse(value)));
  }
  return found;
}

export function storeComponent(domain: DomainJid, component: StoredComponent): Write {
  return { op: "set", store: componentsShape.name, owner, key: domain, value: JSON.stringify(component) };
}

export function forgetComponent(domain: DomainJid): Write {
  return { op: "delete", store: componentsShape.name, owner, key: domain };
}
