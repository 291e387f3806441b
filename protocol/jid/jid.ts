import { prepareDomainpart } from "./domainpart.ts";
import { prepareLocalpart } from "./localpart.ts";
import { prepareResourcepart } from "./resourcepart.ts";

declare const jidBrand: unique symbol;
declare const bareBrand: unique symbol;
declare const fullBrand: unique symbol;
declare const domainBrand: unique symbol;

/**
 * An XMPP address in canonical form: two addresses mean the same entity exactly when the strings are `===`,
 * so a Jid serves as Map key and in SQL as it is. RFC 7622.
 */
export type Jid = string & { readonly [jidBrand]: true };
/** `localpart@domainpart` or `domainpart`: an address without resource. */
export type BareJid = Jid & { readonly [bareBrand]: true };
/** An address with a resource: `localpart@domainpart/resourcepart` or `domainpart/resourcepart`. */
export type FullJid = Jid & { readonly [fullBrand]: true };
/** `domainpart` alone: a server, a service, a component. */
export type DomainJid = BareJid & { readonly [domainBrand]: true };

/**
 * The canonical form of an address, `undefined` if it is none. The only place where a string becomes a Jid.
 * RFC 7622 §3: split first, prepare the parts afterwards, so that a letter which only *becomes* a separator (＠, ／)
 * cannot move the borders.
 *
 * What is canonical already comes back as it is, and if it was cut from a chunk it still holds that chunk, as do the
 * parts cut from it: what outlives the turn goes through a JidCache or detachString.
 */
export function parseJid(input: string): Jid | undefined {
  // All behind the first slash is the resource, whatever it looks like. [rfc7622-3.4-01]
  const slash = input.indexOf("/");
  const bareEnd = slash === -1 ? input.length : slash;
  const at = input.indexOf("@");
  const domainStart = at === -1 || at > bareEnd ? 0 : at + 1;
  if (isPlainAscii(input, domainStart, bareEnd)) return branded<Jid>(input);
  return makeJid(
    domainStart === 0 ? undefined : input.slice(0, domainStart - 1),
    input.slice(domainStart, bareEnd),
    slash === -1 ? undefined : input.slice(slash + 1),
  );
}

/** A Jid from parts as people write them; `undefined` where a part is not allowed. An absent part is `undefined`, never "". */
export function makeJid(local: string | undefined, domain: string, resource?: string): Jid | undefined {
  const preparedDomain = prepareDomainpart(domain);
  // [rfc7622-3.2-01]
  if (preparedDomain === undefined) return undefined;
  let jid = preparedDomain;
  if (local !== undefined) {
    const preparedLocal = prepareLocalpart(local);
    if (preparedLocal === undefined) return undefined;
    jid = `${preparedLocal}@${jid}`;
  }
  if (resource !== undefined) {
    const preparedResource = prepareResourcepart(resource);
    if (preparedResource === undefined) return undefined;
    jid = `${jid}/${preparedResource}`;
  }
  return branded<Jid>(jid);
}

/** The full JID of a resource of `bare`; `undefined` if the resource cannot be one. */
export function withResource(bare: BareJid, resource: string): FullJid | undefined {
  const prepared = prepareResourcepart(resource);
  return prepared === undefined ? undefined : branded<FullJid>(`${bare}/${prepared}`);
}

export function isBare(jid: Jid): jid is BareJid {
  return !jid.includes("/");
}

export function isFull(jid: Jid): jid is FullJid {
  return jid.includes("/");
}

export function isDomain(jid: Jid): jid is DomainJid {
  return !jid.includes("/") && !jid.includes("@");
}

/** The address without its resource; a bare JID (and so a domain JID) is its own. */
export function bareOf(jid: Jid): BareJid {
  const slash = jid.indexOf("/");
  return branded<BareJid>(slash === -1 ? jid : jid.slice(0, slash));
}

export function domainOf(jid: Jid): DomainJid {
  const bare = bareOf(jid);
  return branded<DomainJid>(bare.slice(bare.indexOf("@") + 1));
}

export function localpartOf(jid: Jid): string | undefined {
  const bare = bareOf(jid);
  const at = bare.indexOf("@");
  return at === -1 ? undefined : bare.slice(0, at);
}

export function resourceOf(jid: Jid): string | undefined {
  const slash = jid.indexOf("/");
  return slash === -1 ? undefined : jid.slice(slash + 1);
}

/** The one cast, kept inside this file: its callers have just seen that the text is canonical and of that kind. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the kind
function branded<Kind extends Jid>(canonical: string): Kind {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand is earned in the sentence above
  return canonical as Kind;
}

const inLocalpart = 1;
const inDomainLabel = 2;
const inResourcepart = 4;
const asciiClass = Uint8Array.from({ length: 128 }, (_, code) => classOfAscii(String.fromCharCode(code)));

function classOfAscii(character: string): number {
  let mask = 0;
  if (/[!-~]/.test(character) && !/["&'/:<>@A-Z]/.test(character)) mask |= inLocalpart;
  if (/[a-z0-9-]/.test(character)) mask |= inDomainLabel;
  if (/[ -~]/.test(character)) mask |= inResourcepart;
  return mask;
}

/**
 * The fast path: true only for ASCII addresses that preparation would leave as they are. False decides nothing.
 * A property test compares both paths.
 */
function isPlainAscii(input: string, domainStart: number, bareEnd: number): boolean {
  const localLength = domainStart - 1;
  if (localLength === 0 || localLength > 1023) return false;
  for (let i = 0; i < localLength; i++) {
    const code = input.charCodeAt(i);
    if (code > 127 || (asciiClass[code]! & inLocalpart) === 0) return false;
  }
  if (!isPlainDomain(input, domainStart, bareEnd)) return false;
  if (bareEnd === input.length) return true;
  const resourceLength = input.length - bareEnd - 1;
  if (resourceLength === 0 || resourceLength > 1023) return false;
  for (let i = bareEnd + 1; i < input.length; i++) {
    const code = input.charCodeAt(i);
    if (code > 127 || (asciiClass[code]! & inResourcepart) === 0) return false;
  }
  return true;
}

/** Lower-case labels of letters, digits and inner hyphens, the last of them not starting with a digit (it might be IPv4). */
function isPlainDomain(input: string, start: number, end: number): boolean {
  if (end - start > 253 || end === start) return false;
  let labelStart = start;
  for (let i = start; i <= end; i++) {
    const code = i === end ? dot : input.charCodeAt(i);
    if (code === dot) {
      if (i === labelStart || i - labelStart > 63) return false;
      if (input.charCodeAt(labelStart) === hyphen || input.charCodeAt(i - 1) === hyphen) return false;
      // Reserved labels ("xn--…") need the whole of IDNA.
      if (
        i - labelStart > 3 &&
        input.charCodeAt(labelStart + 2) === hyphen &&
        input.charCodeAt(labelStart + 3) === hyphen
      )
        return false;
      if (i < end) labelStart = i + 1;
    } else if (code > 127 || (asciiClass[code]! & inDomainLabel) === 0) return false;
  }
  return input.charCodeAt(labelStart) > digitNine;
}

const dot = 0x2e;
const hyphen = 0x2d;
const digitNine = 0x39;
