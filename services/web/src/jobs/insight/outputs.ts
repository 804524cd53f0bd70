/** Files of insight are the first output's; those of another have its mark before their ending: `classes.parity.json`. */
export function marksOf(files: readonly string[], name: string, ending: string): readonly string[] {
  const found = files
    .filter(file => file.startsWith(name) && file.endsWith(ending))
    .map(file => file.slice(name.length, file.length - ending.length))
  return found.filter(mark => mark === '' || /^\.[^.-]+$/.test(mark)).sort()
}

/** The name that a mark stands for, null for the first output. */
export const outputOf = (mark: string): string | null => (mark === '' ? null : mark.slice(1))
