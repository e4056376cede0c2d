import { SESSION_DEFAULTS } from '../contract/index.ts'
import type { SessionLimits } from '../contract/index.ts'

/**
 * The limits with the defaults where nothing is given.
 *
 * @throws RangeError naming the limit
 */
export function resolveSessionLimits (init: Partial<SessionLimits> = {}): SessionLimits {
  const limits: SessionLimits = { ...SESSION_DEFAULTS }

  for (const name of Object.keys(SESSION_DEFAULTS) as Array<keyof SessionLimits>) {
    limits[name] = check(name, init[name] ?? SESSION_DEFAULTS[name])
  }

  return limits
}

function check (name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && (Number.isSafeInteger(value) || value === Infinity)) {
    return value
  }

  throw new RangeError(`limits.${name} must be a whole number from 0, or Infinity, received ${String(value)}`)
}
