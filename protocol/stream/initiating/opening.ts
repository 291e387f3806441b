import { isLanguageTag } from "#protocol/stanza/language.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { faultOfRoot, type HeaderContext } from "../header-rules.ts";
import { StreamError } from "../stream-error.ts";
import { formatVersion, ourVersion, parseVersion, speaksFeatures } from "../stream-version.ts";
import { type Step, step } from "../step.ts";
import { giveUpWithError } from "./leaving.ts";
import type { AwaitingHeader, InitiatingFacts, InitiatingOrEnding } from "./state.ts";

/** Opens a stream: the first, and the new one after TLS and after SASL. [rfc6120-4.3.3-02] */
export function sendHeader(facts: InitiatingFacts): Step<AwaitingHeader> {
  const { config } = facts;
  return step(
    { role: "initiating", phase: "awaitingHeader", facts: { ...facts, language: undefined } },
    {
      type: "sendHeader",
      header: {
        contentNamespace: config.contentNamespace,
        // [rfc6120-4.7.2-01]
        to: config.to,
        // Who we are is nobody's business before TLS. [rfc6120-4.7.1-01] [xep0484-4.1-02]
        from: facts.channel === undefined ? undefined : config.from,
        // No id: that is for the server to give. [rfc6120-4.7.3-03] [rfc6120-4.7.5-04]
        version: formatVersion(ourVersion),
        // [rfc6120-4.7.4-02] [rfc6120-12-02]
        language: config.language,
      },
    },
  );
}

export function receiveServerHeader(
  state: AwaitingHeader,
  header: XmlElement,
  context: HeaderContext | undefined,
): Step<InitiatingOrEnding> {
  const fault = faultOfRoot(header, context, state.facts.config.contentNamespace);
  if (fault !== undefined) return giveUpWithError(state, fault);
  const version = parseVersion(header.attr("version") ?? "");
  // Without features there is neither TLS nor SASL. [rfc6120-4.7.5-07]
  if (version === undefined || !speaksFeatures(version))
    return giveUpWithError(state, new StreamError("unsupported-version"));
  const language = header.attr("xml:lang");
  return step({
    role: "initiating",
    phase: "awaitingFeatures",
    facts: { ...state.facts, language: language !== undefined && isLanguageTag(language) ? language : undefined },
  });
}
