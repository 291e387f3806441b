/** Conditions of stream errors that reading XML can lead to. RFC 6120 §4.9.3. */
export type XmlCondition =
  | "bad-format"
  | "bad-namespace-prefix"
  | "invalid-namespace"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** Why the input cannot be read any further. */
export interface XmlFault {
  readonly condition: XmlCondition;
  /** For the log and the optional text of the stream error; holds nothing of the input. */
  readonly text: string;
}

/** A fault on its way out of the reader, or of whatever reads or writes XML outside streams. */
export class XmlError extends Error {
  override readonly name = "XmlError";
  readonly condition: XmlCondition;

  constructor(condition: XmlCondition, text: string) {
    super(text);
    this.condition = condition;
  }

  get fault(): XmlFault {
    return { condition: this.condition, text: this.message };
  }
}
