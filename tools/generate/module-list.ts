import type { SourceFile } from "../tidy/source-files.ts";

/** A feature's program and the name under which it exports its module. */
export interface FeatureProgram {
  readonly path: string;
  readonly exported: string;
}

/** Finds the features that the server runs: every `server.ts` of im/ and xep/ exports exactly one module. */
export function findFeatures(files: readonly SourceFile[]): readonly FeatureProgram[] {
  return files
    .filter(({ path }) => /^(?:im|xep)\/[^/]+\/server\.ts$/u.test(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, text }) => {
      const names = [...text.matchAll(/^export const (\w+)(?:: ServerModule)? = serverModule\(/gmu)].map(
        ([, name = ""]) => name,
      );
      const [exported, ...more] = names;
      if (exported === undefined || more.length > 0) throw new Error(`${path} must export exactly one serverModule(…)`);
      return { path, exported };
    });
}

/** The program that lists all features, so that none is found by searching folders at run time. */
export function moduleList(features: readonly FeatureProgram[]): string {
  const imports = features.map(({ path, exported }) => `import { ${exported} } from "#${path}";`);
  const names = features.map(({ exported }) => `  ${exported},`);
  return [
    "// Written by tools/generate.ts from the folders im/ and xep/: do not edit.",
    `import type { ServerModule } from "#kit/server-module.ts";`,
    ...imports,
    "",
    "/** Every feature of the server, in the order of their folders. */",
    "export const serverModules: readonly ServerModule[] = [",
    ...names,
    "];",
    "",
  ].join("\n");
}
