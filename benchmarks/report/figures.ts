const SCALES: ReadonlyArray<{ from: number, scale: number, letter: string }> = [
  { from: 1e6, scale: 1e6, letter: ' M' },
  { from: 1e4, scale: 1e3, letter: ' k' },
  { from: 0, scale: 1, letter: '' }
]

/** Three digits that matter, and a letter for thousands: `12.1 k`. */
export function figure (value: number): string {
  const { scale, letter } = SCALES.find(({ from }) => Math.abs(value) >= from) ?? { scale: NaN, letter: '' }
  const scaled = value / scale

  if (!Number.isFinite(scaled)) {
    return '–'
  }

  const digitsBefore = Math.floor(Math.log10(Math.abs(scaled) || 1)) + 1

  return `${scaled.toFixed(Math.min(2, Math.max(0, 3 - digitsBefore)))}${letter}`
}

/** As `1.52 ×`. */
export function times (value: number): string {
  return Number.isNaN(value) ? '–' : `${value.toFixed(2)} ×`
}
