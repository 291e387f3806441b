import { isFull, parseJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND2, NS_SASL2, NS_SM } from "#protocol/xml/namespaces.ts";
import { buildBind2 } from "../bind2-elements.ts";
import { readToken, tokenRequest, tokenUseElement } from "../fast-elements.ts";
import { sasl2Authenticate } from "../sasl2-elements.ts";
import { buildSm, readSm } from "../sm/elements.ts";
import type { StreamEffect } from "../stream-effect.ts";
import { type Step, step } from "../step.ts";
import { hashOfUpgradeTask, upgradeElement } from "../upgrade-elements.ts";
import { giveUp } from "./leaving.ts";
import type { InitiatingFacts, InitiatingOrEnding, InlineAddress, Proving, Salting } from "./state.ts";

/** All that we want, of what the server offers to do in one. XEP-0388 §2.3 */
export function authenticateElement(state: Proving, initial: Uint8Array | undefined): XmlElement {
  const { attempt, facts } = state;
  return sasl2Authenticate(
    attempt.mechanism,
    initial,
    facts.config.sasl2?.userAgent,
    attempt.token === undefined ? undefined : tokenUseElement(attempt.token),
    ...sessionElements(state),
    ...accountElements(state),
  );
}

/** The former stream, and a resource for when it is lost. [xep0386-3.2-01] */
function sessionElements({ facts, offered }: Proving): readonly (XmlElement | undefined)[] {
  const { sasl2, sm } = facts.config;
  const previous = sm?.previous;
  const canResume = previous !== undefined && offered.sasl2?.sm === true;
  const resume = canResume ? buildSm({ type: "resume", previous: previous.id, h: previous.h }) : undefined;
  const names = offered.sasl2?.bind2;
  if (sasl2?.bind2 === undefined || names === undefined) return [resume];
  const { features = [], tag } = sasl2.bind2;
  const wanted = features.filter(({ announced }) => names.includes(announced)).map(({ element }) => element);
  const enable =
    sm !== undefined && names.includes(NS_SM)
      ? buildSm({ type: "enable", resume: sm.resumable, secondsMax: sm.secondsMax })
      : undefined;
  return [resume, buildBind2(tag, ...wanted, enable)];
}

/** A token for later, and keys that the server lacks. */
function accountElements({ attempt, facts, offered }: Proving): readonly (XmlElement | undefined)[] {
  const { sasl2 } = facts.config;
  const tokenFor = sasl2?.tokenFor?.(offered.sasl2?.tokenMechanisms ?? []);
  // [xep0480-2.2-01] After a proof of the password only: what else proves us says nothing of it.
  const tasks =
    sasl2?.upgradeWith !== undefined && attempt.mechanism.startsWith("SCRAM-")
      ? (offered.sasl2?.upgrades ?? []).filter((task) => hashOfUpgradeTask(task) !== undefined)
      : [];
  return [tokenFor === undefined ? undefined : tokenRequest(tokenFor), ...tasks.map(upgradeElement)];
}

/** We are in, the server has proven itself: what has been done of all that was asked for? XEP-0388 §2.6.1 */
export function finishSasl2(state: Proving | Salting, success: XmlElement): Step<InitiatingOrEnding> {
  const { attempt, facts } = state;
  const token = readToken(success);
  const mechanism = facts.config.sasl2?.tokenFor?.(state.announcement.tokenMechanisms) ?? attempt.mechanism;
  const news: readonly StreamEffect[] = token === undefined ? [] : [{ type: "tokenReceived", mechanism, ...token }];
  const answer = readManagement(success);
  const previous = facts.config.sm?.previous;
  if (answer?.type === "resumed") {
    if (previous === undefined || answer.previous !== previous.id)
      return giveUp(state, { type: "protocol", text: "a stream was resumed that is not ours" });
    const { jid } = previous;
    return step(
      { role: "initiating", phase: "connected", facts, jid, sm: "enabled" },
      ...news,
      { type: "stopTimer", timer: "negotiation" },
      { type: "established", jid, how: "resumed", language: facts.language, h: answer.h },
    );
  }
  const failed: readonly StreamEffect[] =
    answer?.type === "failed" ? [{ type: "smFailed", condition: answer.condition, h: answer.h }] : [];
  const address = readAddress(success);
  if (address === "broken") return giveUp(state, { type: "protocol", text: "bound to no address" });
  const next: InitiatingFacts = {
    ...facts,
    authenticated: true,
    notResumed: facts.notResumed || answer?.type === "failed",
    address,
  };
  // No restart: the features of this stream come now.
  return step({ role: "initiating", phase: "awaitingFeatures", facts: next }, ...news, ...failed);
}

/** What became of the former stream. */
function readManagement(success: XmlElement) {
  const element = success.elements().find((child) => child.ns === NS_SM);
  return element === undefined ? undefined : readSm(element);
}

/** The address is what the server says, never a guess. [rfc6120-4.3.6-05] */
function readAddress(success: XmlElement): InlineAddress | "broken" | undefined {
  const bound = success.child(NS_BIND2, "bound");
  if (bound === undefined) return undefined;
  const jid = parseJid(success.child(NS_SASL2, "authorization-identifier")?.text ?? "");
  if (jid === undefined || !isFull(jid)) return "broken";
  const sm = bound.elements().find((child) => child.ns === NS_SM);
  const management = sm === undefined ? undefined : readSm(sm);
  return { jid, bound, sm: management?.type === "malformed" ? undefined : management };
}
