/** Why targets are missed, by key: what stands under the headings of `limits.md`. */
export function parseLimits (text: string): Map<string, string> {
  const [, ...sections] = text.split(/^## /m)

  return new Map(sections.map((section) => {
    const [heading = '', ...lines] = section.split('\n')

    return [heading.trim(), lines.join('\n').trim()]
  }))
}
