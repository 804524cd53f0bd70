import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Workflow } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { deleteModel, useDiff, useModel, useVersions } from '@/api/models'
import { useLastingError } from '@/api/queries'
import { goTo, MODELS, modelPath } from '@/pages/location'
import { dropDraft } from '@/store/drafts'
import { useEditor } from '@/store/editor'
import { openNew } from '@/store/opening'
import { FailureBox } from '@/ui/Failure'
import { Listed, rowsOf } from '@/ui/Listed'
import { Deleting } from './Deleting'
import { DiffDrawn, DiffList } from './diff/DiffView'
import './library.css'
import { VersionTable } from './VersionTable'

/** A stored model: its versions, what differs between two of them, and what can be done with it. */
export function ModelDetail({ id }: { id: string }) {
  const { t } = useTranslation()
  const model = useModel(id)
  const error = useLastingError(model)
  const client = useQueryClient()
  const remove = async () => {
    await deleteModel(id)
    await dropDraft(id)
    if (useEditor.getState().origin?.id === id) openNew()
    client.invalidateQueries({ queryKey: ['models'] })
    goTo(MODELS)
  }
  if (error) {
    return (
      <main className="library">
        <Link href={MODELS} className="sheet-back">
          <ArrowLeft size={14} aria-hidden />
          {t('library:models')}
        </Link>
        <FailureBox title={t('library:modelFailed')} error={error} again={model.refetch} />
      </main>
    )
  }
  const name = model.data?.name ?? ''
  return (
    <main className="library">
      <Link href={MODELS} className="sheet-back">
        <ArrowLeft size={14} aria-hidden />
        {t('library:models')}
      </Link>
      <header className="library-head">
        <h1>{name}</h1>
        <Link href={modelPath(id)} className="button button-primary">
          <Workflow size={15} aria-hidden />
          {t('library:openInEditor')}
        </Link>
        <Deleting what={name} text={t('library:deleteModelText')} onDelete={remove} />
      </header>
      <Versions id={id} newest={model.data?.version ?? 1} />
    </main>
  )
}

/** Versions, what differs between two of them in words, and the two drawn as one. */
function Versions({ id, newest }: { id: string; newest: number }) {
  const { t } = useTranslation()
  const versions = useVersions(id)
  const rows = rowsOf(versions.data)
  const [chosen, setChosen] = useState<Pair | null>(null)
  const pair = chosen ?? { from: Math.max(1, newest - 1), to: newest }
  const diff = useDiff(id, pair.from, pair.to).data
  const differs = rows.length > 1 && pair.from !== pair.to && diff && !diff.same
  return (
    <div className={differs ? 'library-columns library-compared' : 'library-columns'}>
      <section>
        <h2>{t('library:versions')}</h2>
        <div className="versions">
          <Listed query={versions} count={rows.length} failed={t('library:versionsFailed')} empty={null}>
            <VersionTable id={id} newest={newest} rows={rows} pair={pair} onPair={setChosen} />
          </Listed>
        </div>
        {differs ? <DiffList diff={diff} /> : null}
      </section>
      <section className="library-drawn">
        {pair.from === pair.to ? null : <h2>{t('library:diffTitle', pair)}</h2>}
        {differs ? (
          <DiffDrawn id={id} {...pair} diff={diff} />
        ) : (
          <NotDrawn id={id} pair={pair} only={rows.length === 1} />
        )}
      </section>
    </div>
  )
}

type Pair = { readonly from: number; readonly to: number }

/** Why two versions are not drawn. */
function NotDrawn({ id, pair, only }: { id: string; pair: Pair; only: boolean }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useDiff(id, pair.from, pair.to)
  if (only) return <p className="panel-empty">{t('library:diffFirst')}</p>
  if (pair.from === pair.to) return <p className="panel-empty">{t('library:diffChoose')}</p>
  if (error) return <FailureBox title={t('library:diffFailed')} error={error} again={refetch} />
  return <p className="panel-empty">{data ? t('library:diffSame') : t('app:loading')}</p>
}
