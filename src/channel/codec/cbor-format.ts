/** The upper 3 bits of a first byte; RFC 8949, 3. */
export const MAJOR = {
  unsigned: 0,
  negative: 1,
  bytes: 2,
  text: 3,
  list: 4,
  map: 5,
  tag: 6,
  simple: 7
} as const

/** The lower 5 bits, which are a number themselves below 24; from 24 to 27 they say how long it is. */
export const INFO = {
  next1: 24,
  next2: 25,
  next4: 26,
  next8: 27,
  indefinite: 31
} as const

/** Lower 5 bits of first bytes with major type 7. */
export const SIMPLE = {
  false: 20,
  true: 21,
  null: 22,
  undefined: 23
} as const

/** Ends what has no length. */
export const BREAK = 0xFF

/** Seconds since 1970, as an integer or a float. */
export const TIME_TAG = 1

/** Plus the type of a reference; spec-channel 5.3. */
export const REFERENCE_TAG = 0x6C636800
