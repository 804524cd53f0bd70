import { useTranslation } from 'react-i18next'
import { Dialog } from '@/ui/Dialog'
import { closeDialog } from './state'

const COMMAND = /Mac/.test(navigator.userAgent) ? '⌘' : 'Ctrl'

/** Keys (a capital C stands for Ctrl or ⌘) and the text of what they do. */
const KEYS = [
  ['/', 'search'],
  ['Enter', 'append'],
  ['C Z', 'undo'],
  ['C Y', 'redo'],
  ['C S', 'save'],
  ['C C, X, V', 'copy'],
  ['C V', 'paste'],
  ['C D', 'duplicate'],
  ['Del', 'delete'],
  ['C A', 'selectAll'],
  ['Esc', 'escape'],
  ['← ↑ → ↓', 'move'],
  ['Tab', 'walk'],
  ['Shift', 'several'],
  ['C G', 'group'],
  ['C Shift G', 'ungroup'],
  ['E', 'fold'],
  ['L', 'layout'],
  ['F', 'fit'],
  ['F2', 'rename'],
  ['?', 'help'],
] as const

export default function KeysDialog() {
  const { t } = useTranslation()
  return (
    <Dialog title={t('keys:title')} open onClose={closeDialog}>
      <dl className="keys">
        {KEYS.map(([keys, text]) => (
          <div key={text}>
            <dt>
              <kbd>{keys.replace(/\bC /g, `${COMMAND} `)}</kbd>
            </dt>
            <dd>{t(`keys:${text}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
