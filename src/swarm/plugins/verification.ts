/** What is known about the reachability of one address. Times are in milliseconds since the Unix epoch. */
export interface Verification {
  verified: boolean
  /** After this it is worth another look. */
  expires: number
  lastVerified?: number
}

export function confirmed (now: number, ttlMs: number): Verification {
  return { verified: true, expires: now + ttlMs, lastVerified: now }
}

export function refuted (now: number, retryMs: number): Verification {
  return { verified: false, expires: now + retryMs }
}

/** Nobody has looked yet. */
export const UNVERIFIED: Readonly<Verification> = Object.freeze({ verified: false, expires: 0 })
