/** Times in milliseconds. */
export const AGGREGATE_DEFAULTS = Object.freeze({
  /** An engine that does not answer ls, attach or watch for so long is left out. */
  timeoutMs: 5000,
  /** The same for questions that may take their time: get, set, start, stop. */
  patientTimeoutMs: 30_000,
  /** Launching an engine takes no longer. */
  launchTimeoutMs: 15_000,
  /** An engine that is down is tried again after so long, then after twice that, and so on... */
  retryFirstMs: 1000,
  /** ...but at least this often. */
  retryMostMs: 30_000,
  /** Engines that are asked at a time, for one question. */
  maxParallel: 16
})

/** Engines of one aggregate. */
export const MAX_ENGINES = 64

/** Of the time that a caller waits, an engine gets at most this share: the rest of the answer is to arrive in time. */
export const SHARE_OF_DEADLINE = 0.8

/** How long an engine that is down is left alone, after so many attempts. */
export function retryDelayMs (attempts: number): number {
  const { retryFirstMs, retryMostMs } = AGGREGATE_DEFAULTS

  return Math.min(retryFirstMs * 2 ** attempts, retryMostMs)
}
