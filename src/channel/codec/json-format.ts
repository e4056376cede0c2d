/** What JSON lacks is a map with one of these keys alone; spec-channel 5.4. */
export const MARK = {
  reference: '$ref',
  bytes: '$bytes',
  time: '$time',
  integer: '$int',
  float: '$float',
  map: '$map'
} as const

/** How each of them, and the key of any map that could be taken for one, begins. */
export const MARK_SIGN = '$'

/** Numbers that JSON lacks. */
export const FLOATS: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0]
])
