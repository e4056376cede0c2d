import ts from 'typescript'

export interface DefaultTag {
  property: string
  /** What stands after `@default`, as written. */
  value: string
  line: number
}

/** Values that need no other place to be compared with. */
const PLAIN = new Set(['true', 'false', 'null', 'Infinity'])

/** The `@default` tags of the properties in a file. */
export function readDefaultTags (path: string, text: string): DefaultTag[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const tags: DefaultTag[] = []

  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isMethodSignature(node)) {
      const comment = node.getFullText().slice(0, node.getStart() - node.getFullStart())
      const [, value] = /@default ([^\n]+?)\s*(?:\*\/|\n)/.exec(comment) ?? []

      if (value != null) {
        tags.push({ property: node.name.getText(), value, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1 })
      }
    }

    ts.forEachChild(node, visit)
  }

  visit(file)

  return tags
}

/**
 * What is wrong with a tag, if anything. A number must be that of `defaults`, the objects that the
 * file exports as `*_DEFAULTS`, or stand as `property = number` or `property ?? number` in its text.
 * A name must be one in the text, a reference `room.option` one of `rooms`. Words are free.
 */
export function checkTag (tag: DefaultTag, text: string, defaults: Array<Readonly<Record<string, unknown>>>, rooms: Readonly<Record<string, object>>): string | undefined {
  const { property, value } = tag
  const [room = '', option = ''] = value.split('.')

  if (PLAIN.has(value) || /^'.*'$/.test(value) || value.includes(' ')) {
    return undefined
  }

  if (/^-?\d/.test(value)) {
    return checkNumber(tag, text, defaults)
  }

  if (option === '') {
    return text.split(new RegExp(`\\b${value}\\b`)).length > 2 ? undefined : `${property} defaults to ${value}, which its file does not know`
  }

  return rooms[room] != null && option in rooms[room] ? undefined : `${property} defaults to ${value}, and there is no such option`
}

function checkNumber ({ property, value }: DefaultTag, text: string, defaults: Array<Readonly<Record<string, unknown>>>): string | undefined {
  const holder = defaults.find((each) => property in each)

  if (holder != null) {
    return holder[property] === Number(value) ? undefined : `${property} is said to be ${value} and is ${String(holder[property])}`
  }

  return new RegExp(`\\b${property} (=|\\?\\?) ${value}\\b`).test(text)
    ? undefined
    : `${property} is said to be ${value}, and no code of its file says so`
}
