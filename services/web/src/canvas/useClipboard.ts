import i18next from 'i18next'
import { useEffect } from 'react'
import { openDialog } from '@/dialogs/state'
import { readFragment, writeFragment } from '@/model/fragment'
import { tell } from '@/store/toasts'
import { paste, removeSelected, selectedFragment } from './actions'
import { isTyping } from './useShortcuts'

/** Copy, cut and paste through the system's clipboard: between tabs too, and any network's text can be pasted. */
export function useClipboard(): void {
  useEffect(() => {
    const copy = (event: ClipboardEvent) => {
      const fragment = selectedFragment()
      if (isTyping(event.target) || hasText() || fragment.layers.length === 0) return
      event.clipboardData?.setData('text/plain', writeFragment(fragment))
      event.preventDefault()
      if (event.type === 'cut') removeSelected()
      else tell(i18next.t('canvas:copied', { count: fragment.layers.length }))
    }
    const take = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text/plain') ?? ''
      if (isTyping(event.target) || text.trim() === '') return
      event.preventDefault()
      const fragment = readFragment(text)
      if (fragment) paste(fragment)
      else openDialog('import', text)
    }
    document.addEventListener('copy', copy)
    document.addEventListener('cut', copy)
    document.addEventListener('paste', take)
    return () => {
      document.removeEventListener('copy', copy)
      document.removeEventListener('cut', copy)
      document.removeEventListener('paste', take)
    }
  }, [])
}

const hasText = () => (getSelection()?.toString() ?? '') !== ''
