/** How values of several engines become one, where that is more than the first of them. */
export interface Merge {
  /** Numbers that are added up. */
  readonly sum?: readonly string[]
  /** Lists that are put together. */
  readonly concat?: readonly string[]
}

/** By what `get` is about. Values that are lists are always put together; of all others the first counts. */
export const MERGES: Readonly<Record<string, Merge>> = {
  info: { sum: ['Containers', 'ContainersRunning', 'ContainersPaused', 'ContainersStopped', 'Images', 'NCPU', 'MemTotal'] },
  volumes: { concat: ['Volumes', 'Warnings'] },
  'system/df': { sum: ['LayersSize'], concat: ['Images', 'Containers', 'Volumes', 'BuildCache'] }
}

/** Whether the first answer is not enough. */
export function isMerged (what: string, first: unknown): boolean {
  return Array.isArray(first) || (isMap(first) && Object.hasOwn(MERGES, what))
}

/** One value of several, of which there is at least one; the first decides what it looks like. */
export function merge (what: string, values: readonly unknown[]): unknown {
  const [first] = values

  if (Array.isArray(first)) {
    return concat(values)
  }

  const rule = Object.hasOwn(MERGES, what) ? MERGES[what] : undefined

  return isMap(first) && rule != null ? mergeMaps(first, values.filter(isMap), rule) : first
}

type Values = Readonly<Record<string, unknown>>

function mergeMaps (first: Values, all: readonly Values[], { sum = [], concat: lists = [] }: Merge): Values {
  const merged: Record<string, unknown> = { ...first }

  for (const field of sum.filter((name) => all.some((value) => typeof value[name] === 'number'))) {
    merged[field] = all.reduce((total, value) => total + (typeof value[field] === 'number' ? value[field] : 0), 0)
  }

  for (const field of lists.filter((name) => all.some((value) => Array.isArray(value[name])))) {
    merged[field] = concat(all.map((value) => value[field]))
  }

  return merged
}

/** The items of all that are lists; those that are the same once. */
function concat (values: readonly unknown[]): unknown[] {
  const items = new Map<string, unknown>()

  for (const item of values.filter((value) => Array.isArray(value)).flat()) {
    items.set(JSON.stringify(item), item)
  }

  return [...items.values()]
}

function isMap (value: unknown): value is Values {
  return typeof value === 'object' && value != null && !Array.isArray(value)
}
