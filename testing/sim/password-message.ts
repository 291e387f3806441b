/** PLAIN's one message, as base64: the password of every account is its localpart. */
export function passwordMessage(account: string): string {
  const user = account.slice(0, account.indexOf("@"));
  return Buffer.from(`\0${user}\0${user}`, "utf8").toString("base64");
}
