/** Milliseconds to the microsecond: what lies beyond says nothing. */
export function roundMs (ms: number): number {
  return Number(ms.toFixed(3))
}
