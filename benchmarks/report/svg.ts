/* One chart of bars for each measure, on a logarithmic scale. Plain SVG, whose colours follow the page that shows it. */
import { figure } from './figures.ts'
import { isOurs } from './rows.ts'
import { median } from './statistics.ts'
import type { MeasureResult, Results } from '../harness/results.ts'

const WIDTH = 800
const LABEL_WIDTH = 180
const VALUE_WIDTH = 70
const BAR_HEIGHT = 14
const ROW_HEIGHT = 18
const TITLE_HEIGHT = 34
const GAP = 22

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .small { font-size: 10px; fill: #656d76 }
  .ours { fill: #0969da }
  .theirs { fill: #8c959f }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .small { fill: #8d96a0 }
    .ours { fill: #4493f8 }
    .theirs { fill: #6e7681 }
    .grid { stroke: #3d444d }
  }
`

interface Bar {
  system: string
  value: number
}

export function svg ({ questions }: Results): string {
  const charts: string[] = []
  let top = 0

  for (const measure of questions.flatMap(({ measures }) => measures)) {
    const bars = barsOf(measure)

    if (bars.length > 0) {
      charts.push(`<g transform="translate(0 ${top})">\n${chart(measure, bars)}</g>\n`)
      top += TITLE_HEIGHT + bars.length * ROW_HEIGHT + GAP
    }
  }

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${Math.max(top, 1)}" role="img" aria-label="Medians of all measures">\n<style>${STYLE}</style>\n${charts.join('')}</svg>\n`
}

/** The best first. */
function barsOf ({ cells, better }: MeasureResult): Bar[] {
  return cells
    .map(({ system, rounds }) => ({ system, value: median(rounds.map(({ value }) => value)) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => better === 'more' ? b.value - a.value : a.value - b.value)
}

function chart ({ title, unit, better }: MeasureResult, bars: readonly Bar[]): string {
  const values = bars.map(({ value }) => value)
  // a decade below the smallest at least in part, so that it has a bar too
  const low = Math.floor(Math.log10(Math.min(...values) / 2))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const x = (value: number): number => round(LABEL_WIDTH + (WIDTH - LABEL_WIDTH - VALUE_WIDTH) * (Math.log10(value) - low) / (high - low))
  const height = bars.length * ROW_HEIGHT
  const decades = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))

  return [
    text(0, 14, 'title', `${title}, ${unit}${better === 'less' ? ' (less is better)' : ''}`),
    ...decades.map((value) => `<line class="grid" x1="${x(value)}" y1="${TITLE_HEIGHT - 2}" x2="${x(value)}" y2="${TITLE_HEIGHT + height}"/>`),
    ...decades.map((value) => text(x(value), TITLE_HEIGHT - 6, 'small', figure(value), 'middle')),
    ...bars.flatMap(({ system, value }, index) => {
      const y = TITLE_HEIGHT + index * ROW_HEIGHT

      return [
        text(LABEL_WIDTH - 8, y + 12, isOurs(system) ? 'title' : '', system, 'end'),
        `<rect class="${isOurs(system) ? 'ours' : 'theirs'}" x="${LABEL_WIDTH}" y="${y + 2}" width="${round(x(value) - LABEL_WIDTH)}" height="${BAR_HEIGHT}" rx="2"/>`,
        text(x(value) + 6, y + 13, '', figure(value))
      ]
    })
  ].map((line) => `${line}\n`).join('')
}

function text (x: number, y: number, name: string, content: string, anchor = 'start'): string {
  return `<text x="${x}" y="${y}"${name === '' ? '' : ` class="${name}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escape(content)}</text>`
}

function escape (content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function round (value: number): number {
  return Math.round(value * 10) / 10
}
