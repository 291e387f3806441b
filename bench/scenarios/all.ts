import { chat, chatArchive, chatArchiveTls, chatPaced, chatTls } from "./chat.ts";
import { hibernated, idle, idleTls } from "./idle.ts";
import { loginsPlain, loginsScram, loginsTls } from "./logins.ts";
import { presence } from "./presence.ts";
import { resumes, resumesTls } from "./resumes.ts";
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
  resumes,
  resumesTls,
  presence,
];
