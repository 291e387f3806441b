import type { ServerModule } from "#kit/server-module.ts";
import type { FeatureProgram } from "./module-list.ts";

/** A feature with what its module says of itself. */
export interface LoadedFeature extends FeatureProgram {
  readonly module: ServerModule;
}

/** Imports the features one by one, not by the list in server/, which may be out of date. Nothing is started by that. */
export function loadModules(features: readonly FeatureProgram[]): Promise<readonly LoadedFeature[]> {
  return Promise.all(features.map(async (feature) => ({ ...feature, module: await loadModule(feature) })));
}

async function loadModule({ path, exported }: FeatureProgram): Promise<ServerModule> {
  const exports = (await import(`../../${path}`)) as Readonly<Record<string, ServerModule | undefined>>;
  const module = exports[exported];
  if (module === undefined) throw new Error(`${path} does not export ${exported}`);
  return module;
}
