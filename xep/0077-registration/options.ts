import { booleanOption, choiceOption, integerOption } from "#kit/option.ts";

export const policy = choiceOption({
  key: "policy",
  choices: ["closed", "invite", "open"],
  default: "closed",
  description: "Who may create an account from a client: nobody, who has an invitation, or anyone.",
  setBy: "hosts.registration",
});

export const accountsPerAddressMax = integerOption({
  key: "accounts_per_address_max",
  default: 3,
  min: 1,
  max: 100_000,
  unit: "accounts",
  description: "Accounts registered from one address within the window.",
  setBy: "limits.login.registrations_per_address_max",
});

export const windowSeconds = integerOption({
  key: "window_seconds",
  default: 3_600,
  min: 1,
  max: 604_800,
  unit: "seconds",
  description: "The window for it.",
  setBy: "limits.login.registrations_window_seconds",
});

export const passwordLengthMin = integerOption({
  key: "password_length_min",
  default: 8,
  min: 1,
  max: 128,
  unit: "characters",
  description: "The shortest password that clients may choose.",
});

export const lookalikesRefused = booleanOption({
  key: "lookalikes_refused",
  default: true,
  description:
    "Refuses a username that people could take for another one here, such as one with a Cyrillic letter in place of a Latin one, or `rn` in place of `m` (UTS #39). Names that the administrator gives are not asked.",
});
