import { cellsOf, RELAY_WAYS } from './libp2p/cells.ts'
import { WAYS } from './libp2p/features.ts'
import type { Cell } from './libp2p/cells.ts'
import type { Program } from './libp2p/programs.ts'

/** In a table: who dials, or who relays. */
export const MARKS = { both: '⇄', us: '→', them: '←', none: '' } as const

/** A row a feature, a column a stack; what is in it says which way it was done. */
export interface Table {
  readonly stacks: readonly string[]
  readonly rows: ReadonlyArray<{ readonly feature: string, readonly marks: readonly string[] }>
}

/** The cells of a program for which `holds`. */
export function tableOf (program: Program['name'], holds: (cell: Cell) => boolean): Table {
  const cells = cellsOf(program)
  const stacks = unique(cells.map(({ stack }) => stack))
  const features = unique(cells.map(({ feature }) => feature))
  const markOf = (feature: string, stack: string): string => {
    const ways = cells.filter((cell) => cell.feature === feature && cell.stack === stack && holds(cell)).map(({ way }) => way)

    return mark(ways.some(isOurs), ways.some((way) => !isOurs(way)))
  }

  return { stacks, rows: features.map((feature) => ({ feature, marks: stacks.map((stack) => markOf(feature, stack)) })) }
}

/** We dial, or others go through us. */
function isOurs (way: string): boolean {
  return way === WAYS[0] || way === RELAY_WAYS[1]
}

function mark (isByUs: boolean, isByThem: boolean): string {
  if (isByUs && isByThem) {
    return MARKS.both
  }

  if (isByUs) {
    return MARKS.us
  }

  return isByThem ? MARKS.them : MARKS.none
}

function unique<T> (values: readonly T[]): T[] {
  return [...new Set(values)]
}

/** As a table of Markdown, which people can read as it is. */
export function toMarkdown ({ stacks, rows }: Table): string {
  const lines = [['', ...stacks], ...rows.map(({ feature, marks }) => [feature, ...marks])]
  const widths = ['', ...stacks].map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0), 3))
  const format = (line: readonly string[]): string => `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = lines

  return [format(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(format)].join('\n')
}
