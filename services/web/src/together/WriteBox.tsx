import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'

const LONGEST = 4000

/** Where a comment is written. What could not be sent stays there. */
export function WriteBox(props: { label: string; send: string; onSend: (text: string) => Promise<unknown> }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async () => {
    if (text.trim() === '' || busy) return
    setBusy(true)
    try {
      await props.onSend(text.trim())
      setText('')
    } catch (error) {
      tellFailure(t('together:commentFailed'), error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="write-box">
      <textarea
        className="input"
        aria-label={props.label}
        placeholder={props.label}
        rows={2}
        maxLength={LONGEST}
        value={text}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send()
        }}
      />
      {text.trim() ? (
        <Button tone="primary" disabled={busy} onClick={send}>
          {props.send}
        </Button>
      ) : null}
    </div>
  )
}
