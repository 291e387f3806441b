/** Conditions of stream errors that reading XML can lead to. RFC 6120 §4.9.3. */
export type XmlCondition =
  | "bad-namespace-prefix"
  | "invalid-namespace"
  | "invalid-xml"
  | "not-well-formed"
  | "policy-violation"
  | "restricted-xml"
  | "unsupported-encoding";

/** Why the input cannot be read any further. */
export interface XmlFault {
  readonly condition: XmlCondition;
  /** For the log and the optional text of the stream error; never holds any of the input. */
  readonly text: string;
}

/** A fault where no stream is there to end. */
export class XmlError extends Error {
  override readonly name = "XmlError";
  readonly condition: XmlCondition;

  constructor(fault: XmlFault) {
    super(fault.text);
    this.condition = fault.condition;
  }
}
