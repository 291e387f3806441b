import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import type { Log } from "#kit/log.ts";
import type { MapShape, Store } from "#kit/storage.ts";
import { addTableToToml } from "../config/add-table.ts";
import { changeConfig, currentConfig } from "../config/change-config.ts";
import type { Config } from "../config/config.ts";
import type { ConfigurableFeature } from "../config/sections/features.ts";
import type { ComponentSecrets } from "./component-secrets.ts";
import { componentTable } from "./component-table.ts";

/** Where components were before ADR 0016 had balcony.toml as their only list: under an owner that is no address. */
export const storedComponentsShape: MapShape = { shape: "map", name: "components", version: 1 };
export const storedComponentsOwner = ".";

const storedSchema = z.strictObject({
  secret: z.string(),
  /** Absent where balcony.toml named it, and only its secret was kept there. */
  added: z
    .strictObject({
      name: z.string().optional(),
      host: domainName.optional(),
      subdomains: z.boolean(),
      conflict: z.enum(["refuse-new", "replace-old"]),
    })
    .optional(),
});

export interface Adoption {
  readonly store: Pick<Store, "declare" | "load" | "commit">;
  readonly secrets: ComponentSecrets;
  readonly config: Config;
  /** balcony.toml, which may not be there yet. */
  readonly file: string;
  readonly features: readonly ConfigurableFeature[];
  readonly log: Log;
}

/**
 * Moves components that an earlier version kept in the store into balcony.toml, and their secrets into files. What cannot
 * be written stays in the store, and is told with the lines to write by hand.
 *
 * @returns the configuration with them
 * @throws StoreError; an Error where what is there is not ours
 */
export async function adoptStoredComponents(adoption: Adoption): Promise<Config> {
  const { store, secrets, file, features, log } = adoption;
  await store.declare([storedComponentsShape]);
  const rows = (await store.load(storedComponentsOwner)).get(storedComponentsShape.name) ?? new Map<string, string>();
  let { config } = adoption;
  for (const [domain, row] of rows) {
    const stored = storedSchema.parse(JSON.parse(row));
    // The secret first: the line in balcony.toml would have another one made up.
    if (!hasOwnSecret(config, domain) && (await secrets.read(domain)) === undefined)
      await secrets.keep(domain, stored.secret);
    if (stored.added !== undefined && !config.components.some((one) => one.domain === domain)) {
      const values = componentTable({ domain, ...stored.added });
      try {
        const edit = (text: string) => addTableToToml(text, { array: "components", values });
        await changeConfig({ file, features, array: "components", edit });
      } catch (error) {
        const lines = addTableToToml("", { array: "components", values });
        log.error(
          { component: domain, file, error, lines },
          "a component that was added by command is not served: write these lines into balcony.toml, then: balcony config reload",
        );
        continue;
      }
      const { components } = await currentConfig(file, features);
      config = { ...config, components: components.filter((one) => one.domain === domain).concat(config.components) };
      log.info({ component: domain, file }, "a component that was added by command is in balcony.toml now");
    }
    await store.commit([
      { op: "delete", store: storedComponentsShape.name, owner: storedComponentsOwner, key: domain },
    ]);
  }
  return config;
}

function hasOwnSecret({ components }: Config, domain: string): boolean {
  return components.some((one) => one.domain === domain && one.secret !== undefined);
}
