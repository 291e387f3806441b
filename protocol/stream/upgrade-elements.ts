import { decodeBase64, encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import { scramHashes, type ScramHash } from "#protocol/sasl/scram-hash.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SCRAM_UPGRADE, NS_UPGRADE } from "#protocol/xml/namespaces.ts";

/** The tasks that make keys of SCRAM for another hash. XEP-0480 §3. Without -PLUS: keys are the same. [xep0480-2.1-01] [xep0480-3-03] */
export function upgradeTaskOf(hash: ScramHash): string {
  return `UPGR-SCRAM-${hash}`;
}

export function hashOfUpgradeTask(task: string): ScramHash | undefined {
  return scramHashes.find((hash) => upgradeTaskOf(hash) === task);
}

/** What a client says in `<authenticate/>` that it is ready for. */
export function upgradeElement(task: string): XmlElement {
  return xml(NS_UPGRADE, "upgrade", {}, task);
}

/** Tasks that a server announces. */
export function readUpgrades(authentication: XmlElement): readonly string[] {
  return authentication
    .elements()
    .filter((child) => child.ns === NS_UPGRADE && child.name === "upgrade")
    .map((child) => child.text);
}

/** What the client needs to salt its password. */
export interface UpgradeSalt {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** [xep0480-3-01] */
export function saltElement({ salt, iterations }: UpgradeSalt): XmlElement {
  return xml(NS_SCRAM_UPGRADE, "salt", { iterations: String(iterations) }, encodeBase64(salt));
}

export function readSalt(taskData: XmlElement): UpgradeSalt | undefined {
  const element = taskData.child(NS_SCRAM_UPGRADE, "salt");
  const salt = decodeBase64(element?.text.trim() ?? "");
  const iterations = /^[1-9][0-9]{0,9}$/.exec(element?.attr("iterations") ?? "");
  if (salt === undefined || salt.length === 0 || iterations === null) return undefined;
  return { salt, iterations: Number(iterations[0]) };
}

/** The salted password. [xep0480-3-02] */
export function hashElement(salted: Uint8Array): XmlElement {
  return xml(NS_SCRAM_UPGRADE, "hash", {}, encodeBase64(salted));
}

export function readHash(taskData: XmlElement): Uint8Array | undefined {
  const hash = decodeBase64(taskData.child(NS_SCRAM_UPGRADE, "hash")?.text.trim() ?? "");
  return hash === undefined || hash.length === 0 ? undefined : hash;
}
