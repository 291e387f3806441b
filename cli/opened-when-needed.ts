/** Something that is opened once, when it is first asked for, and closed with its owner if it was. */
export class OpenedWhenNeeded<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Promise<T>;
  #opened: Promise<T> | undefined;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** What could not be opened once is not tried again. */
  get(): Promise<T> {
    return (this.#opened ??= this.#open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever waited for it has been told why it could not be opened.
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }
}
