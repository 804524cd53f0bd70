import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { CommentView, LinkRole, NewShareView, RoomView } from '@/client/types'
import { api, got, sent } from './client'

const of = (model: string) => ({ path: { model_id: model } })

export async function readRoom(model: string): Promise<RoomView> {
  return got(api.GET('/api/v1/models/{model_id}/room', { params: of(model) }))
}

export async function openRoom(model: string): Promise<RoomView> {
  return got(api.PUT('/api/v1/models/{model_id}/room', { params: of(model) }))
}

/** Sends everybody away and revokes the links. */
export async function closeRoom(model: string): Promise<void> {
  await sent(`${base(model)}/room`, { method: 'DELETE' })
}

export function useShares(model: string) {
  return useQuery({
    queryKey: ['shares', model],
    queryFn: () => got(api.GET('/api/v1/models/{model_id}/shares', { params: of(model) })),
    enabled: model !== '',
  })
}

/** Making and revoking links; the list is asked anew after each. */
export function useSharing(model: string) {
  const client = useQueryClient()
  const onSuccess = () => client.invalidateQueries({ queryKey: ['shares', model] })
  const make = useMutation({
    mutationFn: (body: { role: LinkRole; label: string }): Promise<NewShareView> =>
      got(api.POST('/api/v1/models/{model_id}/shares', { params: of(model), body })),
    onSuccess,
  })
  const revoke = useMutation({
    mutationFn: (id: string) => sent(`${base(model)}/shares/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess,
  })
  return { make, revoke }
}

/** The comments as of the `talk`-th change of them. */
export function useComments(model: string, talk: number) {
  return useQuery({
    queryKey: ['comments', model, talk],
    queryFn: async () => (await got(api.GET('/api/v1/models/{model_id}/comments', { params: of(model) }))).items,
    placeholderData: (before: CommentView[] | undefined) => before,
    enabled: model !== '',
  })
}

export async function beginThread(
  model: string,
  body: { layer: string; layer_name: string; author: string; text: string },
): Promise<CommentView> {
  return got(api.POST('/api/v1/models/{model_id}/comments', { params: of(model), body }))
}

export async function answer(
  model: string,
  thread: string,
  body: { author: string; text: string },
): Promise<CommentView> {
  const path = { model_id: model, comment_id: thread }
  return got(api.POST('/api/v1/models/{model_id}/comments/{comment_id}/replies', { params: { path }, body }))
}

export async function resolveThread(model: string, thread: string, resolved: boolean): Promise<CommentView> {
  const path = { model_id: model, comment_id: thread }
  return got(api.PATCH('/api/v1/models/{model_id}/comments/{comment_id}', { params: { path }, body: { resolved } }))
}

export async function deleteComment(model: string, comment: string): Promise<void> {
  await sent(`${base(model)}/comments/${encodeURIComponent(comment)}`, { method: 'DELETE' })
}

const base = (model: string) => `/api/v1/models/${encodeURIComponent(model)}`
