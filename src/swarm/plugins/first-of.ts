import { raceSignal } from '../../base/index.ts'

/**
 * Asks all `sources` at once and takes the first answer; the others are aborted then.
 *
 * @throws the signal's reason, or an AggregateError when none has an answer
 */
export async function firstOf<S, T> (sources: S[], ask: (source: S, signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted()

  const done = new AbortController()
  const combined = signal == null ? done.signal : AbortSignal.any([signal, done.signal])

  try {
    return await raceSignal(Promise.any(sources.map(async (source) => ask(source, combined))), signal)
  } finally {
    done.abort(new DOMException('another source was faster', 'AbortError'))
  }
}

/**
 * Tells all `sources`; one that takes it is enough.
 *
 * @throws an AggregateError when none takes it
 */
export async function tellAll<S> (sources: S[], tell: (source: S) => Promise<void>, onError: (error: unknown) => void): Promise<void> {
  const results = await Promise.allSettled(sources.map(async (source) => { await tell(source) }))
  const failures = results.flatMap((result) => result.status === 'rejected' ? [result.reason as unknown] : [])

  if (failures.length === sources.length) {
    throw new AggregateError(failures, `all ${failures.length} routers failed`)
  }

  failures.forEach(onError)
}
