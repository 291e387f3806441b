import { type BareJid, type Jid, domainOf, isBare, isDomain, localpartOf, makeJid, resourceOf } from "./jid.ts";

/** What an XMPP URI or IRI says. RFC 5122. */
export interface XmppUri {
  /** Whom to authenticate as; absent: the account of whoever follows the link. RFC 5122 §2.3 */
  readonly account?: BareJid;
  /** Whom it is about; absent only in a URI of an account alone. */
  readonly address?: Jid;
  readonly query?: XmppUriQuery;
  readonly fragment?: string;
}

/** What is to be done with the address: `join`, `message`, `roster` …; unknown types and keys are for the reader to ignore. */
export interface XmppUriQuery {
  readonly type: string;
  /** Keys and values in order; a key may come twice. */
  readonly parameters: readonly (readonly [key: string, value: string])[];
}

/** The most UTF-16 units of a URI that are read: links come from strangers. */
export const xmppUriUnitsMax = 65_536;

const uriPattern = /^xmpp:(?:\/\/([^/?#]*)(?:\/|(?=[?#]|$)))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is;

/**
 * Reads a URI or IRI; `undefined` if it is no XMPP URI or an address in it is none. A query or fragment that cannot be
 * understood is left out, as RFC 5122 §2.5 and §2.6 want it.
 */
export function parseXmppUri(uri: string): XmppUri | undefined {
  if (uri.length > xmppUriUnitsMax) return undefined;
  const [, authority, path, query, fragment] = uriPattern.exec(uri) ?? [];
  const result: { -readonly [Key in keyof XmppUri]: XmppUri[Key] } = {};
  if (authority !== undefined) {
    const account = addressOf(authority);
    if (account === undefined || !isBare(account) || isDomain(account)) return undefined; // an account is somebody's
    result.account = account;
  }
  if (path !== undefined && path !== "") {
    const address = addressOf(path);
    if (address === undefined) return undefined;
    result.address = address;
  }
  if (result.account === undefined && result.address === undefined) return undefined;
  const readQuery = query === undefined ? undefined : queryOf(query);
  if (readQuery !== undefined) result.query = readQuery;
  const readFragment = fragment === undefined ? undefined : decode(fragment);
  if (readFragment !== undefined) result.fragment = readFragment;
  return result;
}

/** Writes a URI of ASCII alone, or an IRI that keeps letters of all scripts readable. RFC 5122 §2.7, §3.3. */
export function formatXmppUri(uri: XmppUri, form: "uri" | "iri" = "uri"): string {
  const encode = form === "uri" ? encodeForUri : encodeForIri;
  const account = uri.account === undefined ? "" : `//${formatAddress(uri.account, encode)}`;
  const address = uri.address === undefined ? "" : formatAddress(uri.address, encode);
  const query = uri.query === undefined ? "" : `?${formatQuery(uri.query, encode)}`;
  const fragment = uri.fragment === undefined ? "" : `#${encode(uri.fragment, inFragment)}`;
  return `xmpp:${account}${account !== "" && address !== "" ? "/" : ""}${address}${query}${fragment}`;
}

/** Splits before it decodes, so that an encoded separator stays a letter of its part (and is refused in a localpart). */
function addressOf(text: string): Jid | undefined {
  const [, local, host = "", resource] = /^(?:([^@/]*)@)?([^@/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const [localpart, resourcepart] = [local, resource].map((part) => (part === undefined ? undefined : decode(part)));
  const domainpart = isIpLiteral(host) ? host : decode(host);
  const broken =
    (local !== undefined && localpart === undefined) || (resource !== undefined && resourcepart === undefined);
  return broken || domainpart === undefined ? undefined : makeJid(localpart, domainpart, resourcepart);
}

function queryOf(text: string): XmppUriQuery | undefined {
  const [first = "", ...pairs] = text.split(";");
  const type = first.includes("=") ? undefined : decode(first);
  const parameters = pairs.map(parameterOf).filter((parameter) => parameter !== undefined);
  return type === undefined || parameters.length < pairs.length ? undefined : { type, parameters };
}

function parameterOf(pair: string): readonly [key: string, value: string] | undefined {
  const equals = pair.indexOf("=");
  const key = decode(pair.slice(0, Math.max(equals, 0)));
  const value = decode(pair.slice(equals + 1));
  return equals === -1 || key === undefined || value === undefined ? undefined : [key, value];
}

/** The zone of an IPv6 address is written `%25eth0` in an address as in a URI: there is nothing to encode or decode. */
function isIpLiteral(domain: string): boolean {
  return domain.startsWith("[");
}

/** Percent-decoding of UTF-8; `undefined` for anything else, and for half a surrogate pair, which no URI can say. */
function decode(text: string): string | undefined {
  if (!text.isWellFormed()) return undefined;
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a stray percent sign or octets that are no UTF-8
  }
}

type Encode = (text: string, kept: RegExp) => string;

// What each place allows besides letters, digits and - . _ ~ (RFC 5122 §3.3).
const inLocalpart = /[!$()*+,;=]/;
const inResourcepart = /[!$&'()*+,:;=]/;
const inFragment = /[!$&'()*+,;=:@/?]/;
const nothingElse = /(?!)/;

function formatAddress(jid: Jid, encode: Encode): string {
  const local = localpartOf(jid);
  const domain = domainOf(jid);
  const resource = resourceOf(jid);
  const user = local === undefined ? "" : `${encode(local, inLocalpart)}@`;
  const host = isIpLiteral(domain) ? domain : encode(domain, nothingElse);
  return `${user}${host}${resource === undefined ? "" : `/${encode(resource, inResourcepart)}`}`;
}

function formatQuery(query: XmppUriQuery, encode: Encode): string {
  const pairs = query.parameters.map(([key, value]) => `;${encode(key, nothingElse)}=${encode(value, nothingElse)}`);
  return encode(query.type, nothingElse) + pairs.join("");
}

function encodeForUri(text: string, kept: RegExp): string {
  return Array.from(text.toWellFormed(), (character) => {
    return /^[A-Za-z0-9._~-]$/.test(character) || kept.test(character) ? character : percentEncoded(character);
  }).join("");
}

/** Letters, digits and marks of all scripts stay; what might be invisible or turn the line around does not. RFC 3987 §3.1 */
function encodeForIri(text: string, kept: RegExp): string {
  return Array.from(text.toWellFormed(), (character) => {
    return /^[\p{L}\p{M}\p{N}]$/u.test(character) ? character : encodeForUri(character, kept);
  }).join("");
}

function percentEncoded(character: string): string {
  // encodeURIComponent leaves these five alone.
  return /^[!'()*]$/.test(character)
    ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
    : encodeURIComponent(character);
}
