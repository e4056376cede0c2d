/** A time as msgpack has it: whole seconds since 1970, downwards, and nanoseconds from there. */
export interface Time {
  readonly seconds: number
  readonly nanoseconds: number
}

const NANOSECONDS_A_MILLISECOND = 1_000_000
const MAX_NANOSECONDS = 999_999_999

export function toTime (milliseconds: number): Time {
  const seconds = Math.floor(milliseconds / 1000)

  return { seconds, nanoseconds: (milliseconds - seconds * 1000) * NANOSECONDS_A_MILLISECOND }
}

/** What is below a millisecond is cut. Undefined for what a Date cannot hold, and for more than a second of nanoseconds. */
export function toDate (seconds: number, nanoseconds: number): Date | undefined {
  if (nanoseconds > MAX_NANOSECONDS) {
    return undefined
  }

  return validDate(seconds * 1000 + Math.floor(nanoseconds / NANOSECONDS_A_MILLISECOND))
}

export function validDate (milliseconds: number): Date | undefined {
  const date = new Date(milliseconds)

  return Number.isNaN(date.getTime()) ? undefined : date
}
