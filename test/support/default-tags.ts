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
 * file exports as `*_DEFAULTS`, or what its code falls back to, by `property = …` or `property ?? …`:
 * the number itself, or a constant of the file. A name must be one of the code, or a reference
 * `room.option` to one of `rooms`. Words are free.
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

  if (rooms[room] != null) {
    return option in rooms[room] ? undefined : `${property} defaults to ${value}, and there is no such option`
  }

  // once in the tag, and once more in the code
  return text.split(value).length > 2 ? undefined : `${property} defaults to ${value}, which its file does not know`
}

function checkNumber ({ property, value }: DefaultTag, text: string, defaults: Array<Readonly<Record<string, unknown>>>): string | undefined {
  const holder = defaults.find((each) => property in each)

  if (holder != null) {
    return holder[property] === Number(value) ? undefined : `${property} is said to be ${value} and is ${String(holder[property])}`
  }

  const fallbacks = [...text.matchAll(new RegExp(`\\b${property} (?:=|\\?\\?) (\\w+)`, 'g'))].map(([, name = '']) => numberOf(name, text))

  return fallbacks.includes(Number(value)) ? undefined : `${property} is said to be ${value}, and no code of its file says so`
}

/** The value of a number or of a constant of the file. */
function numberOf (name: string, text: string): number {
  const [, constant = name] = new RegExp(`\\bconst ${name} = ([\\d_]+)`).exec(text) ?? []

  return Number(constant.replaceAll('_', ''))
}
