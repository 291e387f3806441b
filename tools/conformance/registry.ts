import { registeredDocument, type RegisteredDocument } from "./registry-file.ts";
import type { SourceFile } from "../tidy/source-files.ts";

/** A document of the registry with its name: `rfc6120`, `xep0191`. */
export interface NamedDocument extends RegisteredDocument {
  readonly name: string;
}

/**
 * All documents of the registry, those of the IETF first.
 *
 * @param files among them the registry's files `spec/*.json`
 */
export function readRegistry(files: readonly SourceFile[]): readonly NamedDocument[] {
  return files
    .flatMap(({ path, text }): readonly NamedDocument[] => {
      const name = /^spec\/((?:rfc|xep)\d{4})\.json$/u.exec(path)?.[1];
      return name === undefined ? [] : [{ name, ...registeredDocument(name, text) }];
    })
    .toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}

/** Whether a section such as `4.3.2` is `4`, `4.3` or itself. */
export function isWithinSection(section: string, wanted: string): boolean {
  return section === wanted || section.startsWith(`${wanted}.`);
}
