import { Check, RotateCcw, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { answer, deleteComment, resolveThread } from '@/api/together'
import { bringIntoView } from '@/canvas/view/zooming'
import type { CommentView } from '@/client/types'
import { When } from '@/library/When'
import { currentDoc, select } from '@/store/editor'
import { tellFailure } from '@/store/toasts'
import { IconButton } from '@/ui/Button'
import { myName } from './presence'
import { mayComment, mayEdit, useTogether } from './state'
import type { Thread } from './useThreads'
import { WriteBox } from './WriteBox'

/** A comment with its answers. */
export function ThreadView({ thread: { first, answers, layer } }: { thread: Thread }) {
  const { t } = useTranslation()
  const model = useTogether(state => state.model) ?? ''
  const may = useTogether(mayComment)
  const show = () => {
    if (layer === null) return
    select([layer])
    bringIntoView(currentDoc().positions[layer])
  }
  return (
    <li className={first.resolved ? 'thread resolved' : 'thread'}>
      <div className="thread-head">
        <button type="button" className="chip" disabled={layer === null} onClick={show}>
          {layer ?? t('together:layerGone', { name: first.layer_name })}
        </button>
        <ThreadActions first={first} model={model} />
      </div>
      <Said comment={first} />
      {answers.map(one => (
        <Said key={one.id} comment={one} />
      ))}
      {may ? (
        <WriteBox
          label={t('together:answer')}
          send={t('together:send')}
          onSend={text => answer(model, first.id, { author: myName(), text })}
        />
      ) : null}
    </li>
  )
}

function ThreadActions({ first, model }: { first: CommentView; model: string }) {
  const { t } = useTranslation()
  const comment = useTogether(mayComment)
  const edit = useTogether(mayEdit)
  const attempt = (act: Promise<unknown>) => {
    act.catch(error => tellFailure(t('together:commentFailed'), error))
  }
  if (!comment) return null
  return (
    <div className="thread-actions">
      <IconButton
        label={first.resolved ? t('together:reopen') : t('together:resolve')}
        onClick={() => attempt(resolveThread(model, first.id, !first.resolved))}
      >
        {first.resolved ? <RotateCcw size={15} aria-hidden /> : <Check size={16} aria-hidden />}
      </IconButton>
      {edit ? (
        <IconButton label={t('together:delete')} onClick={() => attempt(deleteComment(model, first.id))}>
          <Trash2 size={15} aria-hidden />
        </IconButton>
      ) : null}
    </div>
  )
}

function Said({ comment }: { comment: CommentView }) {
  return (
    <div className="said">
      <p className="said-by">
        <strong>{comment.author}</strong> <When at={comment.created_at} />
      </p>
      <p className="said-text">{comment.text}</p>
    </div>
  )
}
