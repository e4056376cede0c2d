/** Where bytes go. A sink that breaks stops the program through `Context.signal`; `write` never rejects. */
export interface Sink {
  /** Whether a person watches. */
  readonly isTerminal: boolean
  /** Resolves when there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>
}
