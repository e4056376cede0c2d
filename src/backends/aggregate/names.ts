/** The children of one engine. */
export interface Listing {
  readonly engine: string
  readonly names: readonly string[]
}

/**
 * Names of the children of all engines: as they are where one engine alone has it, otherwise `ENGINE/NAME`. So is a name
 * that would be taken for such a one. Engines stay in their order, and so do the children of each.
 */
export function mergeNames (listings: readonly Listing[], engines: ReadonlySet<string>): string[] {
  const owners = new Map<string, number>()

  for (const name of listings.flatMap(({ names }) => [...new Set(names)])) {
    owners.set(name, (owners.get(name) ?? 0) + 1)
  }

  return listings.flatMap(({ engine, names }) => [...new Set(names)].map((name) => {
    const isPlain = owners.get(name) === 1 && splitName(name, engines) == null

    return isPlain ? name : `${engine}/${name}`
  }))
}

/** `ENGINE/NAME`, if it begins with the name of an engine. */
export function splitName (name: string, engines: ReadonlySet<string>): { engine: string, name: string } | undefined {
  const slash = name.indexOf('/')
  const engine = name.slice(0, slash)

  return slash > 0 && slash < name.length - 1 && engines.has(engine) ? { engine, name: name.slice(slash + 1) } : undefined
}
