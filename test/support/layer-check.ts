import { findCycles, readImports } from './import-graph.ts'
import type { Import } from './import-graph.ts'
import type { SourceTree } from './source-tree.ts'

export interface Layers {
  /** Every room, and the rooms that it may import. */
  rooms: Readonly<Record<string, readonly string[]>>
  /** Files that stand in another room than their folder says. */
  files: Readonly<Record<string, string>>
  /** Inner rooms whose every file the rest of their column may import, past the index. */
  open: readonly string[]
  /** Rooms that hold nothing but types: they are imported and import for types only. */
  typesOnly: readonly string[]
}

/** One line for each import that the layers forbid; none if all is well. */
export function findBreaches (tree: SourceTree, layers: Layers): string[] {
  const imports = readImports(tree)
  const breaches = imports.flatMap((item) => {
    const why = forbids(item, layers)

    return why == null ? [] : [`${item.from}:${item.line} imports ${item.to}: ${why}`]
  })

  return [...breaches, ...unknownRooms(tree, layers), ...cycles(imports, layers)]
}

/** The room of a file: its folder below `src`, two deep inside the columns that have inner rooms. */
export function roomOf (path: string, layers: Layers): string {
  const [, room = '', inner = ''] = path.split('/')

  if (layers.files[path] != null) {
    return layers.files[path]
  }

  if (inner === '') {
    return 'index'
  }

  if (!hasInnerRooms(room, layers)) {
    return room
  }

  return `${room}/${inner.endsWith('.ts') ? 'core' : inner}`
}

function hasInnerRooms (room: string, layers: Layers): boolean {
  return Object.keys(layers.rooms).some((name) => name.startsWith(`${room}/`))
}

function forbids ({ from, to, typeOnly }: Import, layers: Layers): string | undefined {
  const own = roomOf(from, layers)
  const target = seenFrom(own, roomOf(to, layers))

  if (!to.startsWith('src/')) {
    return 'src imports nothing of ours outside src'
  }

  if (layers.typesOnly.includes(own) && !typeOnly) {
    return `${own} holds types only`
  }

  if (own === target) {
    return to.endsWith('/index.ts') ? 'no file imports the index of its own room' : undefined
  }

  if (layers.rooms[own]?.includes(target) !== true) {
    return `${own} may not import ${target}`
  }

  return to === doorOf(target) || (columnOf(own) === columnOf(target) && layers.open.includes(target))
    ? undefined
    : `rooms speak through ${doorOf(target)}`
}

/** From outside a column its inner rooms are all one. */
function seenFrom (own: string, room: string): string {
  return columnOf(own) === columnOf(room) ? room : columnOf(room)
}

function columnOf (room: string): string {
  return room.split('/')[0] ?? room
}

function doorOf (room: string): string {
  return room === 'index' ? 'src/index.ts' : `src/${room}/index.ts`
}

function unknownRooms (tree: SourceTree, layers: Layers): string[] {
  return [...tree.keys()]
    .filter((path) => layers.rooms[roomOf(path, layers)] == null)
    .map((path) => `${path}: the table has no room ${roomOf(path, layers)}`)
}

function cycles (imports: readonly Import[], layers: Layers): string[] {
  const atRunTime = findCycles(imports.filter(({ typeOnly }) => !typeOnly))
  const ofTypes = findCycles(imports)
    .filter((group) => !group.every((path) => layers.typesOnly.includes(roomOf(path, layers))))

  return [...new Set([...atRunTime, ...ofTypes].map((group) => `cycle: ${group.join(', ')}`))]
}
