import { readSources, type SourceFile } from "../tidy/source-files.ts";
import { unicodeFiles } from "../generate-unicode.ts";
import { generateConfigurationReference } from "#server/config/reference.ts";
import { doap } from "./doap.ts";
import { loadModules } from "./load-modules.ts";
import { findFeatures, moduleList } from "./module-list.ts";
import { securityPage, securityPagePath } from "./security-page.ts";
import { supportTable } from "./support-table.ts";
import { collectSupport } from "./support.ts";

/** Everything that is generated: texts by path. A new generator is one file here and one line below. */
export async function generateAll(root: string): Promise<ReadonlyMap<string, string>> {
  const files = readSources(root);
  const features = await loadModules(findFeatures(files));
  const supported = collectSupport(features);
  return new Map([
    ...unicodeFiles(),
    ["server/modules.generated.ts", moduleList(features)],
    ["docs/admin/configuration.md", generateConfigurationReference(features.map(({ module }) => module))],
    [securityPagePath, securityPage(files)],
    ["docs/support.md", supportTable(supported)],
    ["balcony.doap.xml", doap(supported, project(files))],
  ]);
}

function project(files: readonly SourceFile[]): { readonly version: string; readonly description: string } {
  const manifest: unknown = JSON.parse(files.find(({ path }) => path === "package.json")?.text ?? "{}");
  const field = (name: "version" | "description") =>
    typeof manifest === "object" && manifest !== null && name in manifest ? String(Reflect.get(manifest, name)) : "";
  return { version: field("version"), description: field("description") };
}
