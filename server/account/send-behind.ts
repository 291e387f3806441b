import type { Account } from "#kit/account.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { AccountStage } from "./account-stage.ts";
import type { Batches } from "./batches.ts";
import type { CarriedRows } from "./carried-rows.ts";

/** Whoever sends to other owners. */
interface Sender {
  readonly host: { readonly route: (stanza: Stanza) => void };
  readonly stage: Pick<AccountStage<Account>, "handOver" | "unwritten">;
}

/** Sends a stanza to another owner behind what its sender wrote before; not at all where it is a consequence of what cannot be written. */
export function sendBehind({ host, stage }: Sender, batches: Batches, stanza: Stanza): void {
  const route = (): void => host.route(stanza);
  // That something was refused is true though what was to be written about it is not written: nobody else tells it.
  if (stanza.type === "error") return batches.behindOwn(route, route);
  return batches.behindOwn(route, (cause) => stage.unwritten(stanza, cause));
}

/** The same with what was written about it, whose end the other owner tells: that is handed over whatever became of the rest. */
export function handOverBehind({ stage }: Sender, batches: Batches, stanza: Stanza, rows: CarriedRows): void {
  stanza.hold();
  const handOver = (): void => {
    stage.handOver(stanza, rows);
    stanza.release();
  };
  batches.behindOwn(handOver, handOver);
}
