import { booleanOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";

export const upgradeTasks = booleanOption({
  key: "upgrade_tasks",
  default: true,
  description:
    "Whether clients that have proven the password by SCRAM may add the keys of further SCRAM mechanisms that the account lacks.",
});

/** Log-in in one step: authentication, and what follows it, with one request. The stream machine does it. */
export const sasl2 = serverModule({
  name: "sasl2",
  implements: [
    { xep: 388, title: "Extensible SASL Profile", version: "1.0.4", status: "complete" },
    { xep: 440, title: "SASL Channel-Binding Type Capability", version: "1.0.0", status: "complete" },
    { xep: 474, title: "SASL SCRAM Downgrade Protection", version: "0.5.0", status: "complete" },
    { xep: 480, title: "SASL Upgrade Tasks", version: "0.2.0", status: "complete" },
  ],
  options: [upgradeTasks],
  start: (host) => ({ sasl2: { upgrades: host.setting(upgradeTasks) } }),
});
