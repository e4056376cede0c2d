/** What a WritableStream may be made over: writes that wait for room, and an end that is told. */
export interface WebSink {
  write(chunk: Uint8Array, options: { signal: AbortSignal | undefined }): Promise<void>
  /** Ends the direction behind what was written. */
  end(options: { signal: AbortSignal | undefined }): Promise<void>
  abort(reason: unknown): void
  /** Resolves when both directions have ended, with the error if that was not graceful. */
  readonly closed: Promise<Error | undefined>
}

/** A WHATWG stream without a queue of its own: back-pressure is that of what is beneath. */
export function toWritableStream (sink: WebSink): WritableStream<Uint8Array> {
  // calls that wait are ended by an abort: WHATWG streams wait for them before they tell of it
  let signal: AbortSignal | undefined

  return new WritableStream<Uint8Array>({
    start (controller) {
      signal = controller.signal

      // who writes nothing for a while, as a pipe whose source is idle, is told all the same
      sink.closed.then((error) => {
        if (error != null) {
          controller.error(error)
        }
      }, () => {})
    },
    async write (chunk) {
      await sink.write(chunk, { signal })
    },
    async close () {
      await sink.end({ signal })
    },
    abort (reason) {
      sink.abort(reason)
    }
  }, { highWaterMark: 1 })
}
