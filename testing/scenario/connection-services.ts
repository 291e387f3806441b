import { defaultXmlLimits } from "#protocol/xml/limits.ts";
import { TagPool } from "#protocol/xml/tag-pool.ts";
import { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import type { Env } from "#kit/env.ts";
import { AddressRates } from "#server/link/address-rates.ts";
import type { ConnectionServices } from "#server/link/connection.ts";
import { silentLog } from "../silent-log.ts";

/** What a connection needs that no server is around. */
export function connectionServices(env: Env): ConnectionServices {
  return {
    env,
    log: silentLog,
    limits: {
      xml: defaultXmlLimits,
      xmlBeforeAuthentication: defaultXmlLimits,
      bytesRate: undefined,
      stanzasRate: undefined,
      negotiationMsMax: 1_000,
      closingMsMax: 1_000,
      unsentBytesMax: 1_000,
    },
    tally: { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 },
    addressRates: new AddressRates({ bytes: undefined, stanzas: undefined }),
    treeReaders: new TreeReaderPool({ input: "utf16", decodeUtf8: (bytes) => bytes, tags: new TagPool(8) }),
    limitHit: () => undefined,
  };
}
