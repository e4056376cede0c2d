/** Where chance comes from: a number in [0, 1), as `Math.random`. Tests pass a seeded one. */
export type Random = () => number

export const systemRandom: Random = () => Math.random()
