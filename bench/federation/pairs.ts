import { remoteAddresses, serverAddress } from "#testing/lab/network.ts";
import type { BenchTarget, Federation } from "../target.ts";
import { balcony } from "../targets/balcony.ts";
import { ejabberd } from "../targets/ejabberd.ts";
import { prosody } from "../targets/prosody.ts";

/** A server, and where in the lab's network it is. */
export interface Side {
  readonly target: BenchTarget;
  readonly at: Omit<Federation, "authority">;
}

const ours: Side = { target: balcony, at: { domain: "ours.test", address: serverAddress } };
const twin: Side = { target: balcony, at: { domain: "twin.test", address: remoteAddresses.twin } };
const atProsody: Side = { target: prosody, at: { domain: "prosody.test", address: remoteAddresses.prosody } };
const atEjabberd: Side = { target: ejabberd, at: { domain: "ejabberd.test", address: remoteAddresses.ejabberd } };

/** Two servers whose users write to each other. */
export const pairs: Readonly<Record<string, readonly [Side, Side]>> = {
  "balcony-balcony": [ours, twin],
  "balcony-prosody": [ours, atProsody],
  "balcony-ejabberd": [ours, atEjabberd],
  "prosody-ejabberd": [atProsody, atEjabberd],
};

export const pairNames: readonly string[] = Object.keys(pairs);
export { ours as balconySide };
