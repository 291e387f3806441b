import { unreachable } from "#protocol/assert.ts";
import { type StanzaCondition, isStanzaCondition } from "#protocol/stanza/stanza-conditions.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SM, NS_STANZAS } from "#protocol/xml/namespaces.ts";
import { smCountModulus } from "./counter.ts";

/** Everything that stream management sends between stanzas. XEP-0198 version 1.6. */
export type SmElement =
  | { readonly type: "enable"; readonly resume: boolean; readonly secondsMax?: number | undefined }
  | {
      readonly type: "enabled";
      readonly id?: string | undefined;
      readonly resume: boolean;
      readonly secondsMax?: number | undefined;
      readonly location?: string | undefined;
    }
  | { readonly type: "resume"; readonly previous: string; readonly h: number }
  | { readonly type: "resumed"; readonly previous: string; readonly h: number }
  | { readonly type: "failed"; readonly condition: StanzaCondition; readonly h?: number | undefined }
  | { readonly type: "r" }
  | { readonly type: "a"; readonly h: number };

/** `malformed` names what it tried to be. */
export type SmReading = SmElement | { readonly type: "malformed"; readonly name: string };

/** Longest id of a resumable stream that we look up, in characters. [xep0198-5-08] */
export const smIdCharactersMax = 4000;

/** Reads an element in the namespace of stream management. */
export function readSm(element: XmlElement): SmReading {
  const malformed: SmReading = { type: "malformed", name: element.name };
  const h = readCount(element.attr("h"));
  switch (element.name) {
    case "enable":
      return {
        type: "enable",
        resume: readBoolean(element.attr("resume")),
        secondsMax: readCount(element.attr("max")),
      };
    case "enabled":
      return {
        type: "enabled",
        id: element.attr("id"),
        resume: readBoolean(element.attr("resume")),
        secondsMax: readCount(element.attr("max")),
        location: element.attr("location"),
      };
    case "resume":
    case "resumed": {
      const previous = element.attr("previd");
      if (previous === undefined || previous.length > smIdCharactersMax || h === undefined) return malformed;
      return { type: element.name, previous, h };
    }
    case "failed": {
      const condition = element.elements().find((child) => child.ns === NS_STANZAS)?.name ?? "";
      return { type: "failed", condition: isStanzaCondition(condition) ? condition : "undefined-condition", h };
    }
    case "r":
      return { type: "r" };
    case "a":
      return h === undefined ? malformed : { type: "a", h };
    default:
      return malformed;
  }
}

export function buildSm(element: SmElement): XmlElement {
  switch (element.type) {
    case "enable":
      return xml(NS_SM, "enable", { resume: trueOrAbsent(element.resume), max: numberOrAbsent(element.secondsMax) });
    case "enabled":
      return xml(NS_SM, "enabled", {
        id: element.id,
        // [xep0198-3-04]
        resume: trueOrAbsent(element.resume),
        // [xep0198-3-06]
        max: numberOrAbsent(element.secondsMax),
        location: element.location,
      });
    case "resume":
    case "resumed":
      return xml(NS_SM, element.type, { previd: element.previous, h: String(element.h) });
    case "failed":
      return xml(NS_SM, "failed", { h: numberOrAbsent(element.h) }, xml(NS_STANZAS, element.condition));
    case "r":
      return xml(NS_SM, "r");
    case "a":
      return xml(NS_SM, "a", { h: String(element.h) });
    default:
      return unreachable(element);
  }
}

/** The stream feature. */
export function smFeature(): XmlElement {
  return xml(NS_SM, "sm");
}

/** xs:boolean has two spellings of each value. [xep0198-3-01] [xep0198-3-05] [xep0198-5-02] */
function readBoolean(text: string | undefined): boolean {
  return text === "true" || text === "1";
}

/** xs:unsignedInt. */
function readCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const count = Number(text);
  return count < smCountModulus ? count : undefined;
}

function trueOrAbsent(value: boolean): string | undefined {
  return value ? "true" : undefined;
}

function numberOrAbsent(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
