import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Workflow } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { deleteModel, useModel, useVersions } from '@/api/models'
import { useLastingError } from '@/api/queries'
import { goTo, MODELS, modelPath } from '@/pages/location'
import { dropDraft } from '@/store/drafts'
import { useEditor } from '@/store/editor'
import { openNew } from '@/store/opening'
import { FailureBox } from '@/ui/Failure'
import { Listed, rowsOf } from '@/ui/Listed'
import { Deleting } from './Deleting'
import { DiffView } from './DiffView'
import './library.css'
import { VersionTable } from './VersionTable'

/** A stored model: its versions, what differs between two of them, and what can be done with it. */
export function ModelDetail({ id }: { id: string }) {
  const { t } = useTranslation()
  const model = useModel(id)
  const error = useLastingError(model)
  const versions = useVersions(id)
  const client = useQueryClient()
  const rows = rowsOf(versions.data)
  const newest = model.data?.version ?? 1
  const [chosen, setChosen] = useState<{ from: number; to: number } | null>(null)
  const pair = chosen ?? { from: Math.max(1, newest - 1), to: newest }
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
      <div className="library-columns">
        <section>
          <h2>{t('library:versions')}</h2>
          <Listed query={versions} count={rows.length} failed={t('library:versionsFailed')} empty={null}>
            <VersionTable id={id} newest={newest} rows={rows} pair={pair} onPair={setChosen} />
          </Listed>
        </section>
        <section>
          {pair.from === pair.to ? null : <h2>{t('library:diffTitle', pair)}</h2>}
          {rows.length === 1 ? <p className="panel-empty">{t('library:diffFirst')}</p> : <DiffView id={id} {...pair} />}
        </section>
      </div>
    </main>
  )
}
