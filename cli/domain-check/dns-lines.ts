import type { Service } from "./services.ts";

/** How long others may keep what they are told. */
export const lineSeconds = 3_600;

/** As a zone file has it (RFC 2782); the lowest of the usual priorities, so that there is room on either side. */
export function srvLine({ name }: Pick<Service, "name">, domain: string, target: string, port: number): string {
  return `${name}._tcp.${domain}. ${lineSeconds} IN SRV 5 0 ${port} ${target}.`;
}

export function addressLine(name: string): string {
  return `${name}. ${lineSeconds} IN A (the public address of this server)`;
}
