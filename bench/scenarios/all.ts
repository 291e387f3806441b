import { chat, chatArchive, chatArchiveTls, chatPaced, chatTls } from "./chat.ts";
import { hibernated, idle, idleTls } from "./idle.ts";
import { loginsPlain, loginsScram, loginsTls, returnsFastTls, returnsScramTls } from "./logins.ts";
import { presence } from "./presence.ts";
import { resumes, resumesFastTls, resumesTls } from "./resumes.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  chat,
  chatTls,
  chatPaced,
  chatArchive,
  chatArchiveTls,
  idle,
  idleTls,
  hibernated,
  loginsPlain,
  loginsTls,
  loginsScram,
  returnsScramTls,
  returnsFastTls,
  resumes,
  resumesTls,
  resumesFastTls,
  presence,
];
