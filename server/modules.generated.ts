// Written by tools/generate.ts from the folders im/ and xep/: do not edit.
import type { ServerModule } from "#kit/server-module.ts";
import { lateNegotiation } from "#im/late-negotiation/server.ts";
import { messages } from "#im/messages/server.ts";
import { presence } from "#im/presence/server.ts";
import { roster } from "#im/roster/server.ts";
import { lastActivity } from "#xep/0012-last-activity/server.ts";
import { flexibleOffline } from "#xep/0013-flexible-offline/server.ts";
import { privacyListsModule } from "#xep/0016-privacy-lists/server.ts";
import { disco } from "#xep/0030-disco/server.ts";
import { privateXml } from "#xep/0049-private-xml/server.ts";
import { adHoc } from "#xep/0050-ad-hoc/server.ts";
import { vcardTemp } from "#xep/0054-vcard-temp/server.ts";
import { registration } from "#xep/0077-registration/server.ts";
import { legacyAuth } from "#xep/0078-legacy-auth/server.ts";
import { version } from "#xep/0092-version/server.ts";
import { entityCaps } from "#xep/0115-entity-caps/server.ts";
import { contactAddresses } from "#xep/0157-contact-addresses/server.ts";
import { blocking } from "#xep/0191-blocking/server.ts";
import { ping } from "#xep/0199-ping/server.ts";
import { entityTime } from "#xep/0202-entity-time/server.ts";
import { carbons } from "#xep/0280-carbons/server.ts";
import { archive } from "#xep/0313-archive/server.ts";
import { clientState } from "#xep/0352-client-state/server.ts";
import { push } from "#xep/0357-push/server.ts";
import { bind2 } from "#xep/0386-bind2/server.ts";
import { sasl2 } from "#xep/0388-sasl2/server.ts";
import { fast } from "#xep/0484-fast/server.ts";

/** Every feature of the server, in the order of their folders. */
export const serverModules: readonly ServerModule[] = [
  lateNegotiation,
  messages,
  presence,
  roster,
  lastActivity,
  flexibleOffline,
  privacyListsModule,
  disco,
  privateXml,
  adHoc,
  vcardTemp,
  registration,
  legacyAuth,
  version,
  entityCaps,
  contactAddresses,
  blocking,
  ping,
  entityTime,
  carbons,
  archive,
  clientState,
  push,
  bind2,
  sasl2,
  fast,
];
