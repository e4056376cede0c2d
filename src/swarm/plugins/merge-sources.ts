interface Arrival<T> {
  iterator: AsyncIterator<T>
  result?: IteratorResult<T>
  error?: unknown
}

/**
 * What all `sources` give, as it comes; of each, one item is asked for at a time. A source that fails
 * ends alone; when all have ended and nothing came, the first failure is thrown.
 */
export async function * mergeSources<T> (sources: Array<AsyncIterable<T>>, onError: (error: unknown) => void): AsyncGenerator<T, void, undefined> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  const pending = new Map(iterators.map((iterator) => [iterator, arrival(iterator)]))
  const failures: unknown[] = []
  let isEmpty = true

  try {
    while (pending.size > 0) {
      const { iterator, result, error } = await Promise.race(pending.values())

      if (result?.done === false) {
        pending.set(iterator, arrival(iterator))
        isEmpty = false
        yield result.value
        continue
      }

      pending.delete(iterator)

      if (result == null) {
        failures.push(error)
        onError(error)
      }
    }
  } finally {
    // a generator returns only when its `next` has settled, so this cannot be waited for
    for (const iterator of pending.keys()) {
      iterator.return?.().catch(onError)
    }
  }

  if (isEmpty && failures.length > 0) {
    throw failures[0]
  }
}

async function arrival<T> (iterator: AsyncIterator<T>): Promise<Arrival<T>> {
  try {
    return { iterator, result: await iterator.next() }
  } catch (error) {
    return { iterator, error }
  }
}
