import type { XmlElement } from "#protocol/xml/element.ts";
import type { Account } from "./account.ts";

/** Something that people can have done with their own accounts, by a form that any client shows (XEP-0050). */
export interface AccountCommand {
  /** Its name for programs, unique among all commands of accounts. */
  readonly node: string;
  /** Its name for people. */
  readonly name: string;
  /** What is to be filled in. */
  readonly form: () => XmlElement;
  /**
   * Does it, beside the account's own work. A StanzaError or ShapeError refuses what was filled in.
   *
   * @param submitted the form as it came
   * @returns what is told when it is done
   */
  readonly run: (account: Account, submitted: XmlElement) => Promise<string>;
}
