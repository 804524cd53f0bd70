import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { trainModel } from '@/api/jobs'
import { goTo, jobPath } from '@/pages/location'
import { isUnsaved, useEditor } from '@/store/editor'
import { useRecipe } from '@/store/recipe'
import { save } from '@/store/saving'

/** Saves what is on the canvas, queues a training of that version and shows the job. */
export function useTraining() {
  const client = useQueryClient()
  const sent = useRef({ text: '', key: '' })
  return useMutation({
    mutationFn: async () => {
      const model = await savedModel()
      if (model === null) return null // saving said why
      const { dataset, params } = useRecipe.getState()
      const job = { model, dataset, params: { ...params } }
      const text = JSON.stringify(job)
      if (sent.current.text !== text) sent.current = { text, key: newKey() }
      const made = await trainModel(job, sent.current.key)
      sent.current = { text: '', key: '' }
      return made
    },
    onSuccess: job => {
      if (job === null) return
      client.setQueryData(['job', job.id], job)
      void client.invalidateQueries({ queryKey: ['jobs'] })
      goTo(jobPath(job.id))
    },
  })
}

async function savedModel(): Promise<string | null> {
  const before = useEditor.getState()
  if (before.origin === null || isUnsaved(before)) await save()
  const { origin, ...now } = useEditor.getState()
  return origin === null || isUnsaved(now) ? null : `${origin.id}@${origin.version}`
}

/** A retry after a lost answer must not train twice: the key is made once for each request. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
}
