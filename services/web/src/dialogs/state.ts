import { create } from 'zustand'

/** The dialogs of the editor: each is a file in this folder, and a line in `Dialogs.tsx`. */
export type DialogName = 'open' | 'import' | 'export' | 'keys' | 'conflict' | 'share' | 'tune'

type Shown = { readonly name: DialogName | null; readonly text: string }

export const useDialog = create<Shown>(() => ({ name: null, text: '' }))

/** Shows a dialog; `text` is what it starts with, such as a pasted network. */
export function openDialog(name: DialogName, text = ''): void {
  useDialog.setState({ name, text })
}

export function closeDialog(): void {
  useDialog.setState({ name: null, text: '' })
}
