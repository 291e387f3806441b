/**
 * A setting of a feature, declared in the feature's own folder. It appears in balcony.toml under
 * `[features.<feature>]`, in the reference of the configuration, and in `host.setting(option)`.
 */
interface OptionCommon<T> {
  /** Lower-case words joined by underscores, the unit last: `messages_max`. Unique within its feature. */
  readonly key: string;
  readonly default: T;
  /** One sentence for the configuration reference. */
  readonly description: string;
  /** Key of balcony.toml that sets it, where that is not `features.<feature>.<key>`; it has a description of its own. */
  readonly setBy?: string;
}

export interface IntegerOption extends OptionCommon<number> {
  readonly kind: "integer";
  readonly min: number;
  readonly max: number;
  /** What is counted: "messages", "bytes", "seconds". */
  readonly unit: string;
}

export interface BooleanOption extends OptionCommon<boolean> {
  readonly kind: "boolean";
}

/** An option whose value is one of a few words. */
export interface ChoiceOption<T extends string = string> extends OptionCommon<T> {
  readonly kind: "choice";
  readonly choices: readonly T[];
}

export type Option = IntegerOption | BooleanOption | ChoiceOption;

/** What `host.setting(option)` gives. */
export type OptionValue<O extends OptionCommon<unknown>> = O extends ChoiceOption<infer T> ? T : O["default"];

export function integerOption(option: Omit<IntegerOption, "kind">): IntegerOption {
  return { kind: "integer", ...option };
}

export function booleanOption(option: Omit<BooleanOption, "kind">): BooleanOption {
  return { kind: "boolean", ...option };
}

export function choiceOption<const T extends string>(option: Omit<ChoiceOption<T>, "kind">): ChoiceOption<T> {
  return { kind: "choice", ...option };
}
