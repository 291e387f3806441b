import { atHost } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { NS_TIME, Time } from "./elements.ts";

/** Tells the server's time. Where its machine stands is nobody's business: the zone is always UTC (XEP-0202 §6). */
export const entityTime = serverModule({
  name: "entity-time",
  implements: [{ xep: 202, title: "Entity Time", version: "2.0", status: "complete" }],
  features: [NS_TIME],
  start: (host) => ({
    iq: [atHost("get", Time, () => Time.build({ tzo: "+00:00", utc: host.env.now() }))],
  }),
});
