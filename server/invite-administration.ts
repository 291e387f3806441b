import { AdministrationError } from "#kit/administration-error.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { AdministrationParts } from "./administration.ts";

/** Invitations; filled in with the registration feature. */
export function inviteAdministration(
  _parts: AdministrationParts,
): Pick<ServerAdministration, "createInvite" | "listInvites" | "revokeInvite"> {
  const missing = (): never => {
    throw new AdministrationError("not-allowed", "this server has no invitations");
  };
  return { createInvite: missing, listInvites: missing, revokeInvite: missing };
}
