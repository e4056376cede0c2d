/** What a promise was rejected with; fails when it was not. */
export async function failure (promise: Promise<unknown>): Promise<unknown> {
  return promise.then((value) => { throw new Error(`wanted a failure, received ${String(value)}`) }, (error: unknown) => error)
}
